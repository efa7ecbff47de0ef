"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Ban, Check, CircleDashed, CircleDot, CircleHelp, Loader, Skull, X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { runMessages } from "./messages.ts";
import { type RunState, runStates } from "./run-view.ts";

type Look = { readonly tone: "neutral" | "accent" | "healthy" | "breached"; readonly icon: typeof Check };

const looks: Readonly<Record<RunState, Look>> = {
  queued: { tone: "neutral", icon: CircleDashed },
  leased: { tone: "accent", icon: CircleDot },
  running: { tone: "accent", icon: Loader },
  succeeded: { tone: "healthy", icon: Check },
  failed: { tone: "breached", icon: X },
  cancelled: { tone: "neutral", icon: Ban },
  dead: { tone: "breached", icon: Skull },
};

/** A run's state as shape, word and colour. */
export function RunStateBadge({ state, after }: { state: string; after?: ReactNode }): ReactNode {
  const messages = useMessages(runMessages);
  // A state this console does not know yet is still shown, by its own name.
  const known = runStates.find((name) => name === state);
  const { tone, icon: Icon } = known ? looks[known] : { tone: "unknown" as const, icon: CircleHelp };
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {known ? messages[`state_${known}`] : state}
      {after}
    </Badge>
  );
}
