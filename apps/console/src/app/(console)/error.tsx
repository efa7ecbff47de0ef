"use client";
import { ErrorState } from "@agent-factory/ui/error-state";
import { PageBody } from "@agent-factory/ui/page-header";
import { useMessages } from "../../i18n/i18n.tsx";
import { pageMessages } from "../messages.ts";

export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const messages = useMessages(pageMessages);
  return (
    <PageBody>
      <h1 className="sr-only">{messages.errorTitle}</h1>
      <ErrorState
        title={messages.errorTitle}
        retry={{ label: messages.errorRetry, onRetry: reset }}
        trace={error.digest === undefined ? undefined : { label: messages.errorTrace, id: error.digest }}
      >
        {messages.errorText}
      </ErrorState>
    </PageBody>
  );
}
