"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { ListChecks, SearchX } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { runChannelMessages } from "./channel-messages.ts";
import { runMessages } from "./messages.ts";
import { RunActivity } from "./run-activity.tsx";
import { RunSide, sideWord } from "./run-channel.tsx";
import { RunFilterBar } from "./run-filter-bar.tsx";
import { type FilterName, filtersOf } from "./run-filters.ts";
import { RunStateBadge } from "./run-state.tsx";
import { isOver, type RunRow } from "./run-view.ts";

/** A list with something moving in it is asked for again this often; a quiet one less so. */
const MOVING_MS = 2_000;
const QUIET_MS = 10_000;

/** The tenant's runs, newest first; what is looked for stands in the address. */
export function RunList(): ReactNode {
  const messages = useMessages(runMessages);
  const trpc = useTRPC();
  const { filter, set, clear } = useFilters();
  const list = useInfiniteQuery(
    trpc.runs.list.infiniteQueryOptions(filter, {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.items.some((run) => !isOver(run.state))) ? MOVING_MS : QUIET_MS,
    }),
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <>
      <PageHeader title={messages.title} />
      <PageBody>
        {rows.length > 0 || Object.keys(filter).length > 0 ? <RunActivity templateName={filter.templateName} /> : null}
        <RunFilterBar filter={filter} set={set} />
        {list.isPending ? (
          <SkeletonRows rows={8} label={messages.title} />
        ) : list.isError ? (
          <QueryProblem error={list.error} retry={() => void list.refetch()} />
        ) : rows.length > 0 ? (
          <Table
            label={messages.title}
            columns={columns}
            rows={rows}
            rowKey={(run) => run.id}
            {...(list.hasNextPage
              ? {
                  footer: (
                    <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                      {messages.more}
                    </Button>
                  ),
                }
              : {})}
          />
        ) : Object.keys(filter).length > 0 ? (
          <EmptyState icon={<SearchX />} title={messages.noMatchTitle} action={<Button onClick={clear}>{messages.clear}</Button>}>
            {messages.noMatchText}
          </EmptyState>
        ) : (
          <EmptyState
            icon={<ListChecks />}
            title={messages.emptyTitle}
            action={
              <LinkButton variant="primary">
                <Link href="/templates">{messages.emptyAction}</Link>
              </LinkButton>
            }
          >
            {messages.emptyText}
          </EmptyState>
        )}
      </PageBody>
    </>
  );
}

function useColumns(): Column<RunRow>[] {
  const messages = useMessages(runMessages);
  const words = useMessages(runChannelMessages);
  const format = useFormat();
  return [
    {
      key: "template",
      header: messages.columnTemplate,
      cell: (run) => (
        <RowLink
          note={
            <>
              {run.draftRevision === null ? run.semver : messages.draftRevision(run.draftRevision)}
              {run.channel === null ? null : <span className="md:hidden"> · {sideWord(run, words) ?? run.channel}</span>}
            </>
          }
        >
          <Link href={`/runs/${run.id}`}>{run.templateName}</Link>
        </RowLink>
      ),
    },
    { key: "state", header: messages.columnState, cell: (run) => <RunStateBadge state={run.state} /> },
    {
      key: "channel",
      header: words.channel,
      from: "md",
      cell: (run) => (
        <span className="flex items-center gap-2 whitespace-nowrap text-ink-2">
          {run.channel}
          <RunSide cohort={run.cohort} moved={run.moved} />
        </span>
      ),
    },
    {
      key: "kind",
      header: messages.columnKind,
      from: "xl",
      cell: (run) => <span className="text-ink-2">{messages[`kind_${run.kind}`]}</span>,
    },
    {
      key: "host",
      header: messages.columnHost,
      from: "md",
      cell: (run) =>
        run.hostName === null ? (
          <span className="text-ink-3">{messages.none}</span>
        ) : (
          <span className="font-mono text-sm">{run.hostName}</span>
        ),
    },
    {
      key: "submitted",
      header: messages.columnSubmitted,
      cell: (run) => (
        <span className="whitespace-nowrap text-ink-2">
          {format.relative(run.submittedAt)} <span className="hidden text-sm text-ink-3 xl:inline">{run.submittedByName}</span>
        </span>
      ),
    },
    {
      key: "duration",
      header: messages.columnDuration,
      align: "right",
      from: "sm",
      cell: (run) => (
        <span className="text-ink-2">
          {run.startedAt !== null && run.finishedAt !== null
            ? format.durationMs(Date.parse(run.finishedAt) - Date.parse(run.startedAt))
            : ""}
        </span>
      ),
    },
  ];
}

function useFilters() {
  const parameters = useSearchParams();
  const filter = filtersOf(parameters);
  const set = (name: FilterName, value: string | null) => {
    const next = new URLSearchParams(location.search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    history.replaceState(null, "", next.size === 0 ? location.pathname : `${location.pathname}?${next}`);
  };
  return { filter, set, clear: () => history.replaceState(null, "", location.pathname) };
}
