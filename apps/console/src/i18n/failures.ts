"use client";
import { TRPCClientError } from "@trpc/client";
import { use, useMemo } from "react";
import { useLocale } from "./i18n.tsx";
import type { Locale } from "./locale.ts";

/** What went wrong, as far as a program cares. */
export type Refusal = {
  /** `noun.reason`; `console.unreachable` when no answer came, `console.internal` for a fault of ours. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** The registry's own English sentence. */
  readonly message: string;
  readonly traceId: string | null;
  /** The session has expired; the session dialog takes care of it. */
  readonly signedOut: boolean;
  /** The same request may succeed later without anything being changed. */
  readonly retryable: boolean;
};

/** What went wrong, ready to be shown. */
export type FailureText = Refusal & {
  readonly sentence: string;
  /** What to do about it; may be empty. */
  readonly wayOut: string;
};

type Shape = { kind?: unknown; code?: unknown; message?: unknown; details?: unknown };

/** Whatever was thrown by a procedure, a fetch or a render. */
export function readRefusal(error: unknown): Refusal {
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
    message,
    traceId: typeof data?.traceId === "string" && data.traceId !== "" ? data.traceId : null,
    signedOut: data?.code === "UNAUTHORIZED",
    retryable: unreachable || given?.kind === "unavailable",
  };
}

/** The same as a sentence with its way out. */
export function readFailure({ describeFailure }: Pick<Sentences, "describeFailure">, locale: Locale, error: unknown): FailureText {
  const refusal = readRefusal(error);
  return { ...refusal, ...describeFailure(locale, refusal) };
}

type Sentences = typeof import("./failure-sentences.ts");
let loading: Promise<Sentences> | undefined;

/**
 * The sentences of all refusals. No page needs them to stand: they are fetched right after it does, so that they are here when
 * something fails, the connection too.
 */
export function loadFailureSentences(): Promise<Sentences> {
  if (loading) return loading;
  const fetched = import("./failure-sentences.ts");
  loading = fetched;
  fetched.then(
    // As React marks what it has awaited: a component that reads it from here on does not wait.
    (value) => Object.assign(fetched, { status: "fulfilled", value }),
    () => {
      loading = undefined;
    },
  );
  return fetched;
}

/** The failure of a query or mutation, or null while there is none. */
export function useFailure(error: unknown): FailureText | null {
  const locale = useLocale();
  const sentences = error === null || error === undefined ? null : use(loadFailureSentences());
  return useMemo(() => (sentences === null ? null : readFailure(sentences, locale, error)), [sentences, locale, error]);
}
