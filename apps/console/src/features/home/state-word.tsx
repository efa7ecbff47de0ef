"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { CircleSlash, Hourglass, Loader, Skull } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { homeMessages } from "./messages.ts";

const looks: Record<
  string,
  {
    tone: BadgeTone;
    icon?: ReactNode;
    word: "state_queued" | "state_leased" | "state_running" | "state_succeeded" | "state_failed" | "state_cancelled" | "state_dead";
  }
> = {
  queued: { tone: "neutral", icon: <Hourglass aria-hidden />, word: "state_queued" },
  leased: { tone: "accent", icon: <Loader aria-hidden />, word: "state_leased" },
  running: { tone: "accent", icon: <Loader aria-hidden />, word: "state_running" },
  succeeded: { tone: "healthy", word: "state_succeeded" },
  failed: { tone: "breached", word: "state_failed" },
  cancelled: { tone: "neutral", icon: <CircleSlash aria-hidden />, word: "state_cancelled" },
  dead: { tone: "breached", icon: <Skull aria-hidden />, word: "state_dead" },
};

/** How a run stands: shape, word, colour. */
export function StateWord({ state }: { state: string }): ReactNode {
  const messages = useMessages(homeMessages);
  const look = looks[state];
  if (!look) return <Badge tone="unknown">{state}</Badge>;
  return (
    <Badge tone={look.tone} {...(look.icon === undefined ? {} : { icon: look.icon })}>
      {messages[look.word]}
    </Badge>
  );
}
