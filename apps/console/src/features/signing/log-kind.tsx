"use client";
import { Badge } from "@agent-factory/ui/badge";
import { FileSignature, ScrollText } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { signingMessages } from "./messages.ts";
import type { LogRow } from "./signing-view.ts";

export function LogKind({ kind }: { kind: LogRow["kind"] }): ReactNode {
  const messages = useMessages(signingMessages);
  return (
    <Badge tone="neutral" icon={kind === "dsse" ? <FileSignature aria-hidden /> : <ScrollText aria-hidden />}>
      {messages[`kind_${kind}`]}
    </Badge>
  );
}
