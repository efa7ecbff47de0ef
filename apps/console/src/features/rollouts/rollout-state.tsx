import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { Check, CircleDashed, CircleHelp, CirclePause, GitBranch, type LucideIcon, Minus, Undo2, X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { rolloutMessages } from "./messages.ts";
import type { RolloutPhase, Verdict } from "./rollout-view.ts";
import { verdictMessages } from "./verdict-messages.ts";

const states: Record<RolloutPhase, { readonly tone: BadgeTone; readonly Icon: LucideIcon }> = {
  pending: { tone: "neutral", Icon: CircleDashed },
  running: { tone: "canary", Icon: GitBranch },
  paused: { tone: "warning", Icon: CirclePause },
  completed: { tone: "healthy", Icon: Check },
  rolled_back: { tone: "breached", Icon: Undo2 },
};

export function RolloutStateBadge({ state }: { state: RolloutPhase }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const { tone, Icon } = states[state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {messages[`state_${state}`]}
    </Badge>
  );
}

export type ShownVerdict = Verdict | "unjudged" | "accepted";

const verdicts: Record<ShownVerdict, { readonly ink: string; readonly Icon: LucideIcon }> = {
  breached: { ink: "text-breached", Icon: X },
  healthy: { ink: "text-healthy", Icon: Check },
  unknown: { ink: "text-ink-2", Icon: CircleHelp },
  unjudged: { ink: "text-ink-3", Icon: Minus },
  accepted: { ink: "text-warning", Icon: X },
};

export function VerdictWord({ verdict }: { verdict: ShownVerdict }): ReactNode {
  const messages = useMessages(verdictMessages);
  const { ink, Icon } = verdicts[verdict];
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${ink}`}>
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {messages[verdict]}
    </span>
  );
}

/** 1.0.0 → 1.1.0 */
export function Move({ baseline, canary }: { baseline: string | null; canary: string }): ReactNode {
  const messages = useMessages(rolloutMessages);
  return (
    <span className="font-mono text-sm whitespace-nowrap">
      {baseline === null ? (
        <span className="font-sans text-ink-3">{messages.firstVersion} </span>
      ) : (
        <>
          {baseline} <span className="sr-only">{messages.to}</span>
          <span aria-hidden className="text-ink-3">
            →{" "}
          </span>
        </>
      )}
      {canary}
    </span>
  );
}
