"use client";
import { Button } from "@agent-factory/ui/button";
import { ErrorState } from "@agent-factory/ui/error-state";
import { TooltipProvider } from "@agent-factory/ui/tooltip";
import type { ReactNode } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { shellMessages } from "./messages.ts";
import { signOut } from "./user-menu.tsx";

type Problem = { readonly code: string; readonly sentence: string; readonly wayOut: string; readonly traceId: string | null };

/** The console without a session: the registry is away, or knows the person but no tenant of theirs. */
export function SessionProblem({ code, sentence, wayOut, traceId }: Problem): ReactNode {
  const messages = useMessages(shellMessages);
  return (
    <TooltipProvider>
      <main className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center p-6">
        <h1 className="sr-only">{messages.sessionTitle}</h1>
        <ErrorState
          title={code === "session.no-tenant" ? messages.noTenantTitle : messages.sessionTitle}
          wayOut={wayOut}
          trace={traceId === null ? undefined : { label: messages.trace, id: traceId }}
          retry={{ label: messages.retry, onRetry: () => location.reload() }}
          actions={<Button onClick={signOut}>{messages.signOut}</Button>}
        >
          {sentence}
        </ErrorState>
      </main>
    </TooltipProvider>
  );
}
