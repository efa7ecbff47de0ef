"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Equal, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { runChannelMessages } from "./channel-messages.ts";
import type { RunRow } from "./run-view.ts";

type Side = Pick<RunRow, "cohort" | "moved">;

/** Which side of a rollout a run is on, or that it was moved off the canary's; nothing outside rollouts. */
export function RunSide({ cohort, moved }: Side): ReactNode {
  const messages = useMessages(runChannelMessages);
  if (moved)
    return (
      <span title={messages.movedNote}>
        <Badge icon={<Undo2 aria-hidden />}>{messages.wasMoved}</Badge>
      </span>
    );
  if (cohort === "canary") return <Badge tone="canary">{messages.cohort_canary}</Badge>;
  return cohort === "baseline" ? <Badge icon={<Equal aria-hidden />}>{messages.cohort_baseline}</Badge> : null;
}

/** The same in a word, where there is no room for more; null outside rollouts. */
export function sideWord({ cohort, moved }: Side, messages: (typeof runChannelMessages)["en"]): string | null {
  if (moved) return messages.wasMoved;
  return cohort === null ? null : messages[`cohort_${cohort}`];
}
