import { clsx } from "clsx";
import { Check, CircleDashed, CircleHelp, GitBranch, type LucideIcon, PenLine, TriangleAlert, X } from "lucide-react";
import type { ReactNode } from "react";

export type BadgeTone = "healthy" | "breached" | "warning" | "unknown" | "accent" | "canary" | "neutral";

const tones: Record<BadgeTone, { look: string; Icon: LucideIcon }> = {
  healthy: { look: "bg-healthy-soft text-healthy", Icon: Check },
  breached: { look: "bg-breached-soft text-breached", Icon: X },
  warning: { look: "bg-warning-soft text-warning", Icon: TriangleAlert },
  unknown: { look: "bg-unknown-soft text-unknown", Icon: CircleHelp },
  accent: { look: "bg-accent-soft text-accent", Icon: PenLine },
  canary: { look: "bg-canary-soft text-canary-ink", Icon: GitBranch },
  neutral: { look: "bg-unknown-soft text-ink-2", Icon: CircleDashed },
};

export type BadgeProps = {
  readonly tone?: BadgeTone;
  /** Its shape, beside the colour. Left out: the tone's own. `null`: none, only where the word is a figure or a name. */
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
};

/** A status in a word: colour, shape and text say the same, so none of them is needed alone. */
export function Badge({ tone = "neutral", icon, children, className }: BadgeProps): ReactNode {
  const { look, Icon } = tones[tone];
  return (
    <span
      className={clsx(
        "inline-flex h-5 max-w-full align-middle items-center gap-1 rounded-full px-2 text-xs font-medium whitespace-nowrap [&_svg]:size-3 [&_svg]:shrink-0",
        look,
        className,
      )}
    >
      {icon === undefined ? <Icon aria-hidden /> : icon}
      {children}
    </span>
  );
}
