"use client";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { useRowKeys } from "@agent-factory/ui/row-keys";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { Tabs } from "@agent-factory/ui/tabs";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CheckCheck, Inbox as InboxIcon } from "lucide-react";
import { useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { byDay } from "./days.ts";
import { noticeMessages } from "./messages.ts";
import { NoticeLine } from "./notice-line.tsx";
import type { Notice } from "./notice-view.ts";
import { UnreadCount } from "./unread-count.tsx";
import { useMarkRead } from "./use-mark-read.ts";

/** Everything somebody should know or do, newest first. Whether only what is unread is shown stands in the address. */
export function Inbox(): ReactNode {
  const messages = useMessages(noticeMessages);
  const trpc = useTRPC();
  const { unreadOnly, show } = useFilter();
  const list = useInfiniteQuery(
    trpc.notices.list.infiniteQueryOptions(unreadOnly ? { unreadOnly } : {}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const unread = useQuery(trpc.notices.unread.queryOptions()).data?.unread;
  const { mutate, isPending } = useMarkRead();
  const notices = list.data?.pages.flatMap((page) => page.items) ?? [];
  const listed = useRowKeys<HTMLDivElement>("a[data-notice]");
  const content = (
    <div ref={listed} className="flex flex-col gap-5 pt-4">
      {list.isError ? (
        <QueryProblem title={messages.problem} error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <Lines label={messages.loading} />
      ) : notices.length === 0 ? (
        <Nothing unreadOnly={unreadOnly} onShowAll={() => show("all")} />
      ) : (
        <>
          <Days notices={notices} onRead={(id) => mutate({ ids: [id] })} />
          <p className="flex flex-wrap items-center gap-3 text-sm text-ink-3">
            {list.hasNextPage ? (
              <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                {messages.more}
              </Button>
            ) : null}
            <span className="pointer-coarse:hidden">{messages.keys}</span>
          </p>
        </>
      )}
    </div>
  );
  return (
    <>
      <PageHeader
        title={messages.title}
        actions={
          <Button
            onClick={() => mutate({ all: true })}
            loading={isPending}
            {...(unread === 0 ? { disabledReason: messages.nothingUnread } : {})}
          >
            <CheckCheck aria-hidden />
            {messages.markAll}
          </Button>
        }
      />
      <PageBody>
        <Tabs
          label={messages.show}
          value={unreadOnly ? "unread" : "all"}
          onValueChange={show}
          listClassName="px-0!"
          tabs={[
            { value: "all", label: messages.all, content: unreadOnly ? null : content },
            {
              value: "unread",
              label: (
                <span className="inline-flex items-center gap-1.5">
                  {messages.unread}
                  <UnreadCount />
                </span>
              ),
              content: unreadOnly ? content : null,
            },
          ]}
        />
      </PageBody>
    </>
  );
}

function useFilter(): { unreadOnly: boolean; show: (what: string) => void } {
  const parameters = useSearchParams();
  return {
    unreadOnly: parameters.get("show") === "unread",
    // The page stays as it is: what changes is asked for by itself.
    show: (what) => history.pushState(null, "", what === "unread" ? `${location.pathname}?show=unread` : location.pathname),
  };
}

function Days({ notices, onRead }: { notices: readonly Notice[]; onRead: (id: string) => void }): ReactNode {
  const messages = useMessages(noticeMessages);
  const format = useFormat();
  const today = format.date(new Date());
  const yesterday = format.date(new Date(Date.now() - 24 * 60 * 60_000));
  const nameOf = (day: string) => (day === today ? messages.today : day === yesterday ? messages.yesterday : day);
  return byDay(notices, format.date).map(({ key, items }) => (
    <section key={key} aria-labelledby={`day-${items[0]?.id}`}>
      <h2 id={`day-${items[0]?.id}`} className="pb-1.5 pl-1 text-sm font-medium text-ink-3">
        {nameOf(key)}
      </h2>
      <ul className="overflow-hidden rounded-md border border-line bg-surface">
        {items.map((notice) => (
          <NoticeLine
            key={notice.id}
            notice={notice}
            onRead={() => {
              if (notice.readAt === null) onRead(notice.id);
            }}
          />
        ))}
      </ul>
    </section>
  ));
}

function Nothing({ unreadOnly, onShowAll }: { unreadOnly: boolean; onShowAll: () => void }): ReactNode {
  const messages = useMessages(noticeMessages);
  if (unreadOnly)
    return (
      <EmptyState icon={<CheckCheck />} title={messages.allReadTitle} action={<Button onClick={onShowAll}>{messages.showAll}</Button>}>
        {messages.allReadText}
      </EmptyState>
    );
  return (
    <EmptyState icon={<InboxIcon />} title={messages.emptyTitle}>
      {messages.emptyText}
    </EmptyState>
  );
}

function Lines({ label }: { label: string }): ReactNode {
  return (
    <div role="status" aria-label={label}>
      <Skeleton className="mb-2 ml-1 h-3.5 w-16" />
      <div className="overflow-hidden rounded-md border border-line bg-surface">
        {Array.from({ length: 6 }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
          <div key={line} className="flex h-[41px] items-center gap-3 border-b border-line pr-4 pl-8 last:border-b-0">
            <Skeleton className="size-4 rounded-full" />
            <Skeleton className="h-3.5 w-80 max-w-[60%]" />
            <Skeleton className="ml-auto h-3.5 w-16" />
          </div>
        ))}
      </div>
    </div>
  );
}
