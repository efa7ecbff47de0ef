import {
  Coins,
  Fingerprint,
  GitBranch,
  GitPullRequestArrow,
  House,
  Inbox,
  KeyRound,
  LayoutTemplate,
  ListChecks,
  type LucideIcon,
  ScrollText,
  Server,
  Target,
  Users,
} from "lucide-react";
import type { Action } from "../session/viewer.tsx";

export type Place = {
  readonly name:
    | "home"
    | "inbox"
    | "templates"
    | "reviews"
    | "rollouts"
    | "runs"
    | "fleet"
    | "costs"
    | "slos"
    | "trust"
    | "audit"
    | "members"
    | "tokens";
  readonly href: string;
  readonly Icon: LucideIcon;
  /** Who may not do this does not see the place. */
  readonly action: Action | null;
  /** `g` and this letter lead there. */
  readonly letter: string;
  readonly group: "work" | "govern";
};

/** Every place of the console that works today, in the order of the sidebar. */
export const places: readonly Place[] = [
  { name: "home", href: "/", Icon: House, action: null, letter: "h", group: "work" },
  { name: "inbox", href: "/inbox", Icon: Inbox, action: "notices.read", letter: "i", group: "work" },
  { name: "templates", href: "/templates", Icon: LayoutTemplate, action: "templates.list", letter: "t", group: "work" },
  { name: "reviews", href: "/reviews", Icon: GitPullRequestArrow, action: "reviews.read", letter: "v", group: "work" },
  { name: "rollouts", href: "/rollouts", Icon: GitBranch, action: "rollouts.read", letter: "o", group: "work" },
  { name: "runs", href: "/runs", Icon: ListChecks, action: "runs.list", letter: "r", group: "work" },
  { name: "fleet", href: "/fleet", Icon: Server, action: "fleet.read", letter: "f", group: "work" },
  { name: "costs", href: "/costs", Icon: Coins, action: "usage.read", letter: "c", group: "govern" },
  { name: "slos", href: "/slos", Icon: Target, action: "usage.read", letter: "s", group: "govern" },
  { name: "trust", href: "/trust", Icon: Fingerprint, action: "signing.read", letter: "k", group: "govern" },
  { name: "audit", href: "/audit", Icon: ScrollText, action: "audit.read", letter: "a", group: "govern" },
  { name: "members", href: "/members", Icon: Users, action: "members.read", letter: "m", group: "govern" },
  { name: "tokens", href: "/tokens", Icon: KeyRound, action: "tokens.read", letter: "n", group: "govern" },
];

export function isAt(place: Place, pathname: string): boolean {
  return place.href === "/" ? pathname === "/" : pathname === place.href || pathname.startsWith(`${place.href}/`);
}
