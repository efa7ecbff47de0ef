"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Ban, Clock } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useReader } from "../../i18n/locale-context.tsx";
import { tokenMessages } from "./messages.ts";
import { endsSoonDays, type Token } from "./token-view.ts";

/** How a token stands: one that ends soon says so before it does. */
export function TokenState({ token }: { token: Token }): ReactNode {
  const messages = useMessages(tokenMessages);
  const { now } = useReader();
  const soon = endsSoonDays(token, now);
  if (token.state === "revoked")
    return (
      <Badge tone="neutral" icon={<Ban aria-hidden />}>
        {messages.state_revoked}
      </Badge>
    );
  if (token.state === "expired") return <Badge tone="neutral">{messages.state_expired}</Badge>;
  if (soon === null) return <Badge tone="healthy">{messages.state_live}</Badge>;
  return (
    <Badge tone="warning" icon={<Clock aria-hidden />}>
      {soon === 0 ? messages.endsToday : messages.endsInDays(soon)}
    </Badge>
  );
}
