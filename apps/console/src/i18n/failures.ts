"use client";
import { TRPCClientError } from "@trpc/client";
import { useMemo } from "react";
import { describeFailure } from "./failure-sentences.ts";
import { useLocale } from "./i18n.tsx";
import type { Locale } from "./locale.ts";

/** What went wrong, ready to be shown. */
export type FailureText = {
  /** `noun.reason`; `console.unreachable` when no answer came, `console.internal` for a fault of ours. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly sentence: string;
  /** What to do about it; may be empty. */
  readonly wayOut: string;
  readonly traceId: string | null;
  /** The session has expired; the session dialog takes care of it. */
  readonly signedOut: boolean;
  /** The same request may succeed later without anything being changed. */
  readonly retryable: boolean;
};

type Shape = { kind?: unknown; code?: unknown; message?: unknown; details?: unknown };

/** Whatever was thrown by a procedure, a fetch or a render, as a sentence with its way out. */
export function readFailure(locale: Locale, error: unknown): FailureText {
  const data =
    error instanceof TRPCClientError
      ? (error.data as { code?: unknown; failure?: Shape | null; traceId?: unknown } | null | undefined)
      : undefined;
  const given = data?.failure ?? undefined;
  const unreachable = error instanceof TRPCClientError ? data === null || data === undefined : error instanceof TypeError;
  const code = typeof given?.code === "string" ? given.code : unreachable ? "console.unreachable" : "console.internal";
  const details = typeof given?.details === "object" && given.details !== null ? (given.details as Record<string, unknown>) : {};
  const message = typeof given?.message === "string" ? given.message : "";
  return {
    code,
    details,
    ...describeFailure(locale, { code, message, details }),
    traceId: typeof data?.traceId === "string" && data.traceId !== "" ? data.traceId : null,
    signedOut: data?.code === "UNAUTHORIZED",
    retryable: unreachable || given?.kind === "unavailable",
  };
}

/** The failure of a query or mutation, or null while there is none. */
export function useFailure(error: unknown): FailureText | null {
  const locale = useLocale();
  return useMemo(() => (error === null || error === undefined ? null : readFailure(locale, error)), [locale, error]);
}

/** The same for errors caught in passing (toasts). */
export function useReadFailure(): (error: unknown) => FailureText {
  const locale = useLocale();
  return useMemo(() => (error: unknown) => readFailure(locale, error), [locale]);
}
