"use client";
import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTRPC } from "../../trpc/client.tsx";
import { useVisible } from "../../trpc/use-visible.ts";
import { type ReadHead, replacedSince } from "./read-head.ts";
import type { ReviewPageView } from "./review-view.ts";

/** Between approval and publication little is left to wait for. */
const PUBLISHING_MS = 1_000;

/** One review, kept current: the registry says that something changed, and the page asks what. */
export function useReview(number: number) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const visible = useVisible();
  const review = useQuery(
    trpc.reviews.get.queryOptions(
      { number },
      { refetchInterval: ({ state: { data } }) => (data?.state === "approved" && data.outcome === null ? PUBLISHING_MS : false) },
    ),
  );
  const loaded = review.data !== undefined;
  const seen = useRef("");
  if (review.data) seen.current = review.data.updatedAt;
  // What was seen last when the stream opens: nothing that happened in between is missed.
  const since = visible && loaded ? seen.current : null;
  const [opened, setOpened] = useState<string | null>(null);
  useEffect(() => setOpened((before) => (since === null ? null : (before ?? since))), [since]);
  useSubscription(
    trpc.reviews.watch.subscriptionOptions(opened === null ? skipToken : { number, lastEventId: opened }, {
      // The first thing it says is what the page knows already.
      onData: ({ data }) => data.updatedAt !== seen.current && void queries.invalidateQueries(trpc.reviews.get.queryFilter({ number })),
    }),
  );
  return review;
}

/** What the reader has before their eyes, and what of it is another by now, until they have taken note. */
export function useReadHead(head: ReviewPageView["head"]) {
  const [read, setRead] = useState<ReadHead>(head);
  const takeNote = useCallback(() => setRead(head), [head]);
  return { read, replaced: replacedSince(read, head), takeNote };
}
