"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { Archive, Ban, Hourglass, KeyRound, type LucideIcon, Megaphone } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { signingMessages } from "./messages.ts";
import type { KeyRow } from "./signing-view.ts";

const looks: Readonly<Record<KeyRow["state"], { readonly tone: BadgeTone; readonly Icon: LucideIcon }>> = {
  announced: { tone: "accent", Icon: Megaphone },
  active: { tone: "healthy", Icon: KeyRound },
  retiring: { tone: "neutral", Icon: Hourglass },
  retired: { tone: "neutral", Icon: Archive },
};

/** How a key stands. Distrust says more than the state it has in rotation. */
export function KeyState({ signingKey }: { signingKey: Pick<KeyRow, "state" | "distrustedFrom"> }): ReactNode {
  const messages = useMessages(signingMessages);
  if (signingKey.distrustedFrom !== null) {
    return (
      <Badge tone="breached" icon={<Ban aria-hidden />}>
        {messages.state_distrusted}
      </Badge>
    );
  }
  const { tone, Icon } = looks[signingKey.state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {messages[`state_${signingKey.state}`]}
    </Badge>
  );
}
