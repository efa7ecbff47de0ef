"use client";
import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import type { Notice, NoticePage } from "./notice-view.ts";

export type Marked = { readonly ids: string[] } | { readonly all: true } | { readonly href: string };

/**
 * Marks notices as read, on the screen at once. In a list of unread ones they stay, read, until it is loaded again: nothing moves
 * away under the pointer. When the registry refuses, what is true is loaded again.
 */
export function useMarkRead() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sayFailed = useFailureToast();
  return useMutation(
    trpc.notices.markRead.mutationOptions({
      onMutate: async (marked: Marked) => {
        await queryClient.cancelQueries(trpc.notices.pathFilter());
        const at = new Date().toISOString();
        const ids = new Set<string>();
        const mark = (notice: Notice): Notice => {
          if (notice.readAt !== null || !isMarked(notice, marked)) return notice;
          ids.add(notice.id);
          return { ...notice, readAt: at };
        };
        queryClient.setQueriesData<InfiniteData<NoticePage>>(
          trpc.notices.list.infiniteQueryFilter(),
          (list) => list && { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(mark) })) },
        );
        queryClient.setQueryData(
          trpc.notices.unread.queryKey(),
          (count) => count && { unread: "all" in marked ? 0 : Math.max(0, count.unread - ids.size) },
        );
      },
      onError: sayFailed,
      onSettled: () => void queryClient.invalidateQueries(trpc.notices.unread.queryFilter()),
    }),
  );
}

function isMarked(notice: Notice, marked: Marked): boolean {
  if ("all" in marked) return true;
  return "href" in marked ? notice.href === marked.href : marked.ids.includes(notice.id);
}
