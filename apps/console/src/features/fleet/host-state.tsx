"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { Ban, CircleCheck, CirclePause, Hourglass, LogIn, ShieldAlert, ShieldCheck, ShieldQuestion, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { type Host, isRevoked } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

const states: Record<Host["state"], { tone: BadgeTone; icon: ReactNode }> = {
  enrolling: { tone: "accent", icon: <LogIn aria-hidden /> },
  ready: { tone: "healthy", icon: <CircleCheck aria-hidden /> },
  draining: { tone: "warning", icon: <Hourglass aria-hidden /> },
  drained: { tone: "neutral", icon: <CirclePause aria-hidden /> },
  cordoned: { tone: "warning", icon: <CirclePause aria-hidden /> },
  lost: { tone: "breached", icon: <Unplug aria-hidden /> },
};

export function HostState({ host }: { host: Host }): ReactNode {
  const messages = useMessages(fleetMessages);
  if (isRevoked(host)) {
    return (
      <Badge tone="breached" icon={<Ban aria-hidden />}>
        {messages.state_revoked}
      </Badge>
    );
  }
  const { tone, icon } = states[host.state];
  return (
    <Badge tone={tone} icon={icon}>
      {messages[`state_${host.state}`]}
    </Badge>
  );
}

const isolations: Record<Host["isolation"], { tone: BadgeTone; icon: ReactNode }> = {
  proven: { tone: "healthy", icon: <ShieldCheck aria-hidden /> },
  "opted-out": { tone: "warning", icon: <ShieldAlert aria-hidden /> },
  unknown: { tone: "unknown", icon: <ShieldQuestion aria-hidden /> },
};

export function Isolation({ isolation }: { isolation: Host["isolation"] }): ReactNode {
  const messages = useMessages(fleetMessages);
  const { tone, icon } = isolations[isolation];
  return (
    <Badge tone={tone} icon={icon}>
      {messages[`isolation_${isolation}`]}
    </Badge>
  );
}
