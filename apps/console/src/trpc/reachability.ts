"use client";
import type { AppRouter } from "@agent-factory/bff/api";
import { TRPCClientError, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { useSyncExternalStore } from "react";

/** Whether the BFF answered when it was last asked. Any answer counts, a refusal too. */
export type Reachability = "reachable" | "unreachable";

let state: Reachability = "reachable";
const listeners = new Set<() => void>();

function change(next: Reachability): void {
  if (state === next) return;
  state = next;
  for (const listener of [...listeners]) listener();
}

/** Watches every operation pass and remembers whether the other side is there. */
export function reachabilityLink(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) =>
        next(op).subscribe({
          next(value) {
            if (value.result.type !== "state") change("reachable");
            else if (value.result.state === "connecting" && value.result.error !== null) change("unreachable");
            else if (value.result.state === "pending") change("reachable");
            observer.next(value);
          },
          error(cause) {
            change(isUnreachable(cause) ? "unreachable" : "reachable");
            observer.error(cause);
          },
          complete: () => observer.complete(),
        }),
      );
}

function isUnreachable(cause: unknown): boolean {
  if (!(cause instanceof TRPCClientError)) return true;
  if (cause.cause?.name === "AbortError") return false;
  const data = cause.data as { failure?: { code?: unknown } | null } | null | undefined;
  return data === null || data === undefined || data.failure?.code === "session.issuer-away";
}

export function useReachability(): Reachability {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
    () => "reachable",
  );
}
