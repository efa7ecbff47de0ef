"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { keepWords } from "./kept-words.ts";
import type { ReviewPageView, Thread } from "./review-view.ts";

const PENDING = "pending-";

/** Whether a remark is on its way: shown, not stored yet. */
export function isPending({ id }: { readonly id: string }): boolean {
  return id.startsWith(PENDING);
}

export type Remark = {
  readonly pointer?: string | null;
  readonly threadId?: string;
  readonly body: string;
  /** Where its words go back to when it could not be stored. */
  readonly place: string;
};

/**
 * Remarks appear as they are sent. One that cannot be stored is taken away again, and its words are back in their box: `onReturned`
 * opens it. While the session has expired a remark waits on the page, and its words are kept.
 */
export function useRemarks(review: Pick<ReviewPageView, "id" | "number" | "revision">, onReturned: (place: string) => void) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const viewer = useViewer();
  const say = useFailureToast();
  const key = trpc.reviews.get.queryKey({ number: review.number });
  const { number, revision, id: reviewId } = review;
  const author = { authorId: viewer.user.id, authorName: viewer.user.name };
  const words = (place: string) => ({ tenant: viewer.tenant.id, user: viewer.user.id, place });

  const change = (work: (threads: readonly Thread[]) => Thread[]) =>
    queries.setQueryData<ReviewPageView>(key, (page) => (page ? { ...page, threads: work(page.threads) } : page));
  const refresh = () => queries.invalidateQueries(trpc.reviews.get.queryFilter({ number }));

  const comment = useMutation(trpc.reviews.comment.mutationOptions());
  const resolve = useMutation(
    trpc.reviews.resolve.mutationOptions({
      onMutate: async ({ commentId, resolved }) => {
        await queries.cancelQueries({ queryKey: key });
        const at = resolved ? new Date().toISOString() : null;
        change((threads) =>
          threads.map((thread) =>
            thread.id === commentId ? { ...thread, resolvedAt: at, resolvedByName: resolved ? viewer.user.name : null } : thread,
          ),
        );
      },
      onError: say,
      onSettled: refresh,
    }),
  );

  const send = async ({ pointer = null, threadId, body, place }: Remark) => {
    await queries.cancelQueries({ queryKey: key });
    const said = { id: `${PENDING}${crypto.randomUUID()}`, body, at: new Date().toISOString(), ...author };
    keepWords(sessionStorage, words(place), body);
    change((threads) =>
      threadId === undefined
        ? [...threads, { ...said, revision, pointer, resolvedAt: null, resolvedByName: null, replies: [] }]
        : threads.map((thread) => (thread.id === threadId ? { ...thread, replies: [...thread.replies, said] } : thread)),
    );
    try {
      await comment.mutateAsync({ reviewId, body, ...(threadId === undefined ? { pointer } : { threadId }) });
      keepWords(sessionStorage, words(place), "");
    } catch (error) {
      change((threads) =>
        threads
          .filter((thread) => thread.id !== said.id)
          .map((thread) => ({ ...thread, replies: thread.replies.filter((reply) => reply.id !== said.id) })),
      );
      say(error);
      onReturned(place);
    } finally {
      await refresh();
    }
  };

  const latest = useRef({ send, resolve: resolve.mutate });
  latest.current = { send, resolve: resolve.mutate };
  // New functions with every render would draw every row of a long difference anew.
  return useMemo(
    () => ({
      send: (remark: Remark) => void latest.current.send(remark),
      resolve: (commentId: string, resolved: boolean) => latest.current.resolve({ commentId, resolved }),
    }),
    [],
  );
}

export type Remarks = ReturnType<typeof useRemarks>;
