"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Notice } from "@agent-factory/ui/panel";
import { KeyRound } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { homeMessages } from "../../../features/home/messages.ts";
import { endsSoonDays } from "../../../features/tokens/token-view.ts";
import { useTokens } from "../../../features/tokens/use-tokens.ts";
import { useFormat, useMessages } from "../../../i18n/i18n.tsx";
import { useReader } from "../../../i18n/locale-context.tsx";

/** Tokens that end within two weeks, before whatever uses them stops. Nothing when there are none. */
export function EndingTokens(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const { now } = useReader();
  const ending = useTokens().data?.items.filter((token) => endsSoonDays(token, now) !== null) ?? [];
  if (ending.length === 0) return null;
  const first = ending.map(({ expiresAt }) => expiresAt).sort()[0] ?? "";
  return (
    <Notice
      tone="warning"
      icon={<KeyRound aria-hidden />}
      title={messages.tokensEnding(format.list(ending.map(({ name }) => name)), ending.length)}
      actions={
        <LinkButton size="sm">
          <Link href="/tokens">{messages.openTokens}</Link>
        </LinkButton>
      }
    >
      {messages.tokensEndingText(format.date(first))}
    </Notice>
  );
}
