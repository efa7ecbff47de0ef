"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Select } from "@agent-factory/ui/field";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ListChecks, SearchX } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { runMessages } from "./messages.ts";
import { RunActivity } from "./run-activity.tsx";
import { RunStateBadge } from "./run-state.tsx";
import { isOver, type RunRow, runStates } from "./run-view.ts";

const ANY = "ANY";
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
  const templates = useQuery(trpc.templates.list.queryOptions({}, { staleTime: 60_000 }));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  const any = { value: ANY, label: messages.any };
  const names = [
    ...new Set([...(templates.data?.items.map((template) => template.name) ?? []), ...(filter.templateName ? [filter.templateName] : [])]),
  ];
  const choose = (name: "state" | "template" | "kind") => (value: string) => set(name, value === ANY ? null : value);
  return (
    <>
      <PageHeader title={messages.title} />
      <PageBody>
        {rows.length > 0 || Object.keys(filter).length > 0 ? <RunActivity templateName={filter.templateName} /> : null}
        <div className="flex flex-wrap gap-2">
          <Filter
            label={messages.filterState}
            value={filter.state ?? ANY}
            onValueChange={choose("state")}
            options={[any, ...runStates.map((state) => ({ value: state, label: messages[`state_${state}`] }))]}
          />
          <Filter
            label={messages.filterTemplate}
            value={filter.templateName ?? ANY}
            onValueChange={choose("template")}
            options={[any, ...names.map((name) => ({ value: name, label: name }))]}
          />
          <Filter
            label={messages.filterKind}
            value={filter.kind ?? ANY}
            onValueChange={choose("kind")}
            options={[any, { value: "try", label: messages.kind_try }, { value: "run", label: messages.kind_run }]}
          />
        </div>
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
  const format = useFormat();
  return [
    {
      key: "template",
      header: messages.columnTemplate,
      cell: (run) => (
        <RowLink note={run.draftRevision === null ? run.semver : messages.draftRevision(run.draftRevision)}>
          <Link href={`/runs/${run.id}`}>{run.templateName}</Link>
        </RowLink>
      ),
    },
    { key: "state", header: messages.columnState, cell: (run) => <RunStateBadge state={run.state} /> },
    {
      key: "kind",
      header: messages.columnKind,
      from: "md",
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
          {format.relative(run.submittedAt)} <span className="hidden text-sm text-ink-3 lg:inline">{run.submittedByName}</span>
        </span>
      ),
    },
    {
      key: "duration",
      header: messages.columnDuration,
      align: "right",
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

type FilterProps = {
  readonly label: string;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string }[];
};

function Filter({ label, value, onValueChange, options }: FilterProps): ReactNode {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className="text-sm text-ink-3">
        {label}
      </span>
      <Select label={label} className="min-w-28" value={value} onValueChange={onValueChange} options={options} />
    </span>
  );
}

type Filters = { state?: (typeof runStates)[number]; templateName?: string; kind?: "try" | "run" };

function useFilters() {
  const parameters = useSearchParams();
  const filter: Filters = {};
  const state = runStates.find((known) => known === parameters.get("state"));
  const kind = parameters.get("kind");
  const template = parameters.get("template");
  if (state) filter.state = state;
  if (template) filter.templateName = template;
  if (kind === "try" || kind === "run") filter.kind = kind;
  const set = (name: string, value: string | null) => {
    const next = new URLSearchParams(location.search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    history.replaceState(null, "", next.size === 0 ? location.pathname : `${location.pathname}?${next}`);
  };
  return { filter, set, clear: () => history.replaceState(null, "", location.pathname) };
}
