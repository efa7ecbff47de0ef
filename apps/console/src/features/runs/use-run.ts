"use client";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useState } from "react";
import { useTRPC } from "../../trpc/client.tsx";
import { addEntries, emptyLog, type LogBuffer } from "./log-buffer.ts";
import { isOver, type RunView } from "./run-view.ts";

export type WatchedRun = {
  readonly run: RunView | null;
  readonly log: LogBuffer;
  /** False while the page has lost the stream and asks for it again; the run goes on without us. */
  readonly connected: boolean;
  readonly error: unknown;
};

/**
 * Follows one run: its state and what it prints, from its beginning. The stream numbers its events and goes on where it
 * broke off, so a page that was closed, or a BFF that restarted, loses no line. `null` follows nothing.
 */
export function useRun(runId: string | null): WatchedRun {
  const trpc = useTRPC();
  const [seen, setSeen] = useState<{ runId: string | null; run: RunView | null; log: LogBuffer; ended: boolean }>({
    runId,
    run: null,
    log: emptyLog,
    ended: false,
  });
  const current = seen.runId === runId ? seen : { runId, run: null, log: emptyLog, ended: false };

  useEffect(() => setSeen({ runId, run: null, log: emptyLog, ended: false }), [runId]);

  const subscription = useSubscription(
    trpc.runs.watch.subscriptionOptions(runId === null || current.ended ? skipToken : { runId }, {
      onData({ data: event }) {
        setSeen((before) => {
          if (before.runId !== runId) return before;
          if (event.type === "run") return { ...before, run: event.run };
          if (event.type === "log") return { ...before, log: addEntries(before.log, event.entries) };
          return { ...before, ended: before.run !== null && isOver(before.run.state) };
        });
      },
    }),
  );
  // The stream tells a run's state after what it printed: of a run that prints in a hurry the state comes from here first.
  const first = useQuery(
    trpc.runs.get.queryOptions(runId === null ? skipToken : { runId }, {
      gcTime: 0,
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
    }),
  );
  const connected =
    current.ended ||
    subscription.status === "pending" ||
    subscription.status === "idle" ||
    (subscription.status === "connecting" && !subscription.error);
  return { run: current.run ?? first.data ?? null, log: current.log, connected, error: first.error };
}
