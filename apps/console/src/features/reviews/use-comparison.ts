"use client";
import type { Change } from "@agent-factory/manifest/compare";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTRPC } from "../../trpc/client.tsx";
import { useLocalCheck } from "../../trpc/use-local-check.ts";
import type { ReadHead } from "./read-head.ts";
import type { ReviewPageView } from "./review-view.ts";

/** What the head is compared with: its base version, one of its own revisions, or what the reader had before their eyes. */
export type Against =
  | { readonly kind: "base" }
  | { readonly kind: "revision"; readonly revision: number }
  | { readonly kind: "read"; readonly read: ReadHead };

export type Comparison = {
  /** Null while it is being loaded. */
  readonly before: string | null;
  readonly error: unknown;
  readonly retry: () => void;
  /** Null where one of the two is no valid manifest; undefined while it is not known. */
  readonly changes: readonly Change[] | null | undefined;
  /** Why the changes could not be worked out here, with another try. */
  readonly unknown: { readonly error: unknown; readonly retry: () => void } | null;
};

export function useComparison(review: ReviewPageView, against: Against): Comparison {
  const trpc = useTRPC();
  const { head, number } = review;
  const revision = against.kind === "revision" ? against.revision : head.revision;
  const query = useQuery(
    trpc.reviews.revision.queryOptions(
      { number, revision },
      // Only the head may still be replaced in its place.
      { enabled: against.kind === "revision" && revision !== head.revision, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  // What I approved once is one press away: it is here before it is asked for.
  const approved = review.mine.lastApprovedRevision;
  useQuery(
    trpc.reviews.revision.queryOptions(
      { number, revision: approved ?? revision },
      { enabled: approved !== null && approved !== head.revision, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  const before =
    against.kind === "base"
      ? (head.base?.content ?? "")
      : against.kind === "read"
        ? against.read.content
        : revision === head.revision
          ? head.content
          : (query.data?.content ?? null);
  const after = head.content;
  const pair = useMemo(() => (against.kind === "base" || before === null ? undefined : { before, after }), [against.kind, before, after]);
  const { found, error: failed, retry: compareAgain } = useLocalCheck(pair, changesOf);
  const changes = against.kind !== "base" ? found : head.digest === null ? null : head.changes;
  const { error, refetch } = query;
  return useMemo(
    () => ({
      before,
      error,
      retry: () => void refetch(),
      changes,
      unknown: failed === null ? null : { error: failed, retry: compareAgain },
    }),
    [before, error, refetch, changes, failed, compareAgain],
  );
}

/** What the changes between two texts mean. The registry told it for the base; what else is compared is worked out here, when it is. */
async function changesOf({ before, after }: { before: string; after: string }): Promise<readonly Change[] | null> {
  if (before === after) return [];
  const [{ parseManifest }, compare] = await Promise.all([import("@agent-factory/manifest"), import("@agent-factory/manifest/compare")]);
  const [old, next] = [before, after].map((text) => parseManifest(text).manifest);
  return old && next ? compare.compareManifests(old, next).changes : null;
}
