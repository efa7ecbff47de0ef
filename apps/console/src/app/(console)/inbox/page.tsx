import type { Metadata } from "next";
import type { ReactNode } from "react";
import { Inbox } from "../../../features/notices/inbox.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { Prefetched } from "../../../trpc/server.tsx";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).inbox };
}

export default async function InboxPage({ searchParams }: { searchParams: Promise<{ show?: string | string[] }> }): Promise<ReactNode> {
  const unreadOnly = (await searchParams).show === "unread";
  return (
    <Prefetched
      queries={(trpc, cache) => [
        cache.prefetchInfiniteQuery(
          trpc.notices.list.infiniteQueryOptions(unreadOnly ? { unreadOnly } : {}, { getNextPageParam: (page) => page.nextCursor }),
        ),
      ]}
    >
      <Inbox />
    </Prefetched>
  );
}
