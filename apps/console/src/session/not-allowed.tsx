"use client";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { shellMessages } from "../shell/messages.ts";

/** In the place of a page that the viewer's role may not see. `reason` is what `viewer.can(…)` says: why, and who can. */
export function NotAllowed({ reason }: { reason: string }): ReactNode {
  const messages = useMessages(shellMessages);
  return (
    <EmptyState icon={<Lock />} title={messages.notAllowed}>
      {reason}
    </EmptyState>
  );
}
