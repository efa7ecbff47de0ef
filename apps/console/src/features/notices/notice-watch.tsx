"use client";
import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useVisible } from "../../trpc/use-visible.ts";
import { noticeMessages } from "./messages.ts";
import { mayBeLedTo } from "./notice-view.ts";
import { useMarkRead } from "./use-mark-read.ts";

/**
 * Keeps the inbox current for the whole console, once: hears when it changes, says aloud when it grows, and takes what leads to the
 * page that is looked at as read. A tab in the background lets go of its stream: a browser keeps few connections to one origin.
 */
export function NoticeWatch(): ReactNode {
  const messages = useMessages(noticeMessages);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const visible = useVisible();
  const { data } = useQuery(trpc.notices.unread.queryOptions());
  const unread = data?.unread ?? 0;
  useSubscription(
    trpc.notices.watch.subscriptionOptions(visible ? undefined : skipToken, {
      onData: (news) => {
        queryClient.setQueryData(trpc.notices.unread.queryKey(), news);
        void queryClient.invalidateQueries(trpc.notices.list.pathFilter());
      },
    }),
  );
  useReadWhereItLeads(unread, visible);
  return (
    <span role="status" className="sr-only">
      {useGrowth(unread) ? messages.newNotices(unread) : null}
    </span>
  );
}

function useReadWhereItLeads(unread: number, visible: boolean): void {
  const pathname = usePathname();
  const { mutate } = useMarkRead();
  useEffect(() => {
    if (visible && unread > 0 && mayBeLedTo(pathname)) mutate({ href: pathname });
  }, [visible, unread, pathname, mutate]);
}

/** Whether the count is higher than it was before: what was there when the page opened is no news. */
function useGrowth(unread: number): boolean {
  const before = useRef<number | null>(null);
  const [grown, setGrown] = useState(false);
  useEffect(() => {
    setGrown(before.current !== null && unread > before.current);
    before.current = unread;
  }, [unread]);
  return grown;
}
