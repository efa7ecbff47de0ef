"use client";
import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useRef, useState } from "react";
import { useTRPC } from "../../trpc/client.tsx";
import { useVisible } from "../../trpc/use-visible.ts";
import { isOver } from "./rollout-view.ts";

/** One rollout, kept current: the registry says that it moved on, and the page asks what is known now. */
export function useRollout(number: number) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const visible = useVisible();
  const rollout = useQuery(trpc.rollouts.get.queryOptions({ number }));
  const live = rollout.data !== undefined && !isOver(rollout.data);
  // The newest revision that was told: where the stream goes on after the tab was away.
  const seen = useRef("0");
  const listening = visible && live;
  const [since, setSince] = useState<string | null>(null);
  useEffect(() => setSince(listening ? seen.current : null), [listening]);
  useSubscription(
    trpc.rollouts.watch.subscriptionOptions(since === null ? skipToken : { number, lastEventId: since }, {
      onData: ({ id }) => {
        seen.current = id;
        void queries.invalidateQueries(trpc.rollouts.get.queryFilter({ number }));
      },
    }),
  );
  return rollout;
}
