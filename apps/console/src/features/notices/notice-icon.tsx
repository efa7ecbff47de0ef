"use client";
import { clsx } from "clsx";
import {
  BadgeCheck,
  Ban,
  Check,
  CirclePause,
  Coins,
  GitPullRequestArrow,
  KeyRound,
  type LucideIcon,
  MessageSquare,
  Package,
  RotateCcw,
  ShieldX,
  TriangleAlert,
  X,
} from "lucide-react";
import type { ReactNode } from "react";
import type { NoticeKind } from "./notice-view.ts";

const looks: Record<NoticeKind, { Icon: LucideIcon; ink: string }> = {
  "review.requested": { Icon: GitPullRequestArrow, ink: "text-accent" },
  "review.commented": { Icon: MessageSquare, ink: "text-ink-2" },
  "review.approved": { Icon: Check, ink: "text-healthy" },
  "review.rejected": { Icon: X, ink: "text-breached" },
  "review.revised": { Icon: RotateCcw, ink: "text-warning" },
  "review.problem": { Icon: TriangleAlert, ink: "text-warning" },
  "version.published": { Icon: Package, ink: "text-ink-2" },
  "version.signed": { Icon: BadgeCheck, ink: "text-healthy" },
  "version.revoked": { Icon: Ban, ink: "text-breached" },
  "run.refused": { Icon: ShieldX, ink: "text-breached" },
  "rollout.paused": { Icon: CirclePause, ink: "text-warning" },
  "rollout.rolled-back": { Icon: RotateCcw, ink: "text-breached" },
  "rollout.completed": { Icon: Check, ink: "text-healthy" },
  "budget.warned": { Icon: Coins, ink: "text-warning" },
  "budget.stopped": { Icon: Coins, ink: "text-breached" },
  "key.distrusted": { Icon: KeyRound, ink: "text-breached" },
};

/** What a notice is about, by shape; the sentence beside it says it in words. */
export function NoticeIcon({ kind, className }: { kind: NoticeKind; className?: string }): ReactNode {
  const { Icon, ink } = looks[kind];
  return <Icon aria-hidden className={clsx("size-4 shrink-0", ink, className)} strokeWidth={1.75} />;
}
