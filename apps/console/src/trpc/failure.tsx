"use client";
import { ErrorState } from "@agent-factory/ui/error-state";
import { TRPCClientError } from "@trpc/client";
import type { ReactNode } from "react";
import { useFailure } from "../i18n/failures.ts";
import { defineMessages, useMessages } from "../i18n/i18n.tsx";
import { isSignedOut } from "./signed-out-link.ts";

const messages = defineMessages({
  en: { title: "This could not be loaded", retry: "Try again", trace: "Trace" },
  fr: { title: "Chargement impossible", retry: "Réessayer", trace: "Trace" },
});

/** A refusal as the BFF gave it. */
export type FailureShape = {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** The refusal inside an error, or null when it is none: no answer came, or something broke. */
export function failureOf(error: unknown): FailureShape | null {
  if (!(error instanceof TRPCClientError)) return null;
  return (error.data as { failure?: FailureShape | null } | null | undefined)?.failure ?? null;
}

export { isSignedOut };

/** A query that failed, in the place of what it would have shown. `title` says what is missing. */
export function QueryProblem({
  error,
  retry,
  title,
  pending,
}: {
  error: unknown;
  retry?: () => void;
  title?: string;
  pending?: boolean;
}): ReactNode {
  const words = useMessages(messages);
  const failure = useFailure(error);
  if (!failure) return null;
  return (
    <ErrorState
      title={title ?? words.title}
      wayOut={failure.wayOut === "" ? undefined : failure.wayOut}
      trace={failure.traceId === null ? undefined : { label: words.trace, id: failure.traceId }}
      retry={retry === undefined ? undefined : { label: words.retry, onRetry: retry, pending: pending ?? false }}
    >
      {failure.sentence}
    </ErrorState>
  );
}
