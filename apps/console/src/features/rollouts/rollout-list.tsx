"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Select } from "@agent-factory/ui/field";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { useRowKeys } from "@agent-factory/ui/row-keys";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { Tabs } from "@agent-factory/ui/tabs";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { GitBranch, SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import { Move, RolloutStateBadge, VerdictWord } from "./rollout-state.tsx";
import type { RolloutRow } from "./rollout-view.ts";
import { startMessages } from "./start-messages.ts";

const StartDialog = dynamic(() => import("./start-dialog.tsx").then((loaded) => loaded.StartDialog), { ssr: false });

const ANY = "ANY";
const SHOWN = ["live", "ended"] as const;
type Shown = (typeof SHOWN)[number];
const STATES = { live: ["running", "paused"], ended: ["completed", "rolled_back"] } as const;
/** A list with something moving in it is asked for again this often; a quiet one less so. */
const MOVING_MS = 2_000;
const QUIET_MS = 10_000;

/** What is moving now, and what ended; what is looked for, and a rollout that is being started, stand in the address. */
export function RolloutList(): ReactNode {
  const messages = useMessages(rolloutMessages);
  const start = useMessages(startMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const address = useAddress();
  const shown: Shown = address.get("show") === "ended" ? "ended" : "live";
  const templateName = address.get("template");
  const state = STATES[shown].find((one) => one === address.get("state")) ?? null;
  const starting = address.get("start");
  const list = useInfiniteQuery(
    trpc.rollouts.list.infiniteQueryOptions(
      { state: shown, ...(templateName === null ? {} : { templateName }) },
      {
        getNextPageParam: (page) => page.nextCursor,
        placeholderData: keepPreviousData,
        refetchInterval: ({ state }) => ((state.data?.pages[0]?.counts.live ?? 0) > 0 ? MOVING_MS : QUIET_MS),
      },
    ),
  );
  const counts = list.data?.pages[0]?.counts;
  const rows = list.data?.pages.flatMap((page) => page.items).filter((row) => state === null || row.state === state) ?? [];
  const listed = useRowKeys<HTMLDivElement>("tbody th a");
  const startButton = (
    <Button variant="primary" onClick={() => address.set("start", "")} disabledReason={viewer.can("rollouts.start").reason}>
      {start.start}
    </Button>
  );
  const content = (
    <div ref={listed} className="flex flex-col gap-4 pt-4">
      <Filters shown={shown} state={state} templateName={templateName} onChange={address.set} />
      {list.isPending || list.isPlaceholderData ? (
        <SkeletonRows rows={6} label={messages.title} />
      ) : list.isError ? (
        <QueryProblem error={list.error} retry={() => void list.refetch()} />
      ) : rows.length > 0 || list.hasNextPage ? (
        <Rows
          rows={rows}
          shown={shown}
          footer={
            list.hasNextPage ? (
              <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                {messages.more}
              </Button>
            ) : null
          }
        />
      ) : state !== null || templateName !== null ? (
        <EmptyState
          icon={<SearchX />}
          title={messages.emptyFiltered}
          action={
            <LinkButton>
              <Link href={shown === "live" ? "/rollouts" : "/rollouts?show=ended"}>{messages.clearFilters}</Link>
            </LinkButton>
          }
        >
          {messages.emptyFilteredText}
        </EmptyState>
      ) : (
        <EmptyState icon={<GitBranch />} title={messages[`empty_${shown}`]} action={shown === "live" ? startButton : undefined}>
          {messages[`emptyText_${shown}`]}
        </EmptyState>
      )}
    </div>
  );
  return (
    <>
      <PageHeader
        title={messages.title}
        actions={
          <>
            <LinkButton variant="ghost">
              <Link href="/rollouts/plans">{messages.plans}</Link>
            </LinkButton>
            {startButton}
          </>
        }
      />
      <PageBody>
        <Tabs
          label={messages.tabsLabel}
          value={shown}
          onValueChange={(next) => {
            address.set("state", null);
            address.set("show", next === "live" ? null : next);
          }}
          listClassName="px-0!"
          tabs={SHOWN.map((name) => ({
            value: name,
            label: (
              <span className="inline-flex items-center gap-1.5">
                {messages[`tab_${name}`]}
                {name === "live" && counts !== undefined ? (
                  <span className="min-w-4 rounded-full bg-unknown-soft px-1.5 text-center text-xs font-medium text-ink-2 tabular-nums">
                    {counts.live}
                  </span>
                ) : null}
              </span>
            ),
            content: name === shown ? content : null,
          }))}
        />
      </PageBody>
      {starting === null ? null : <StartDialog given={starting} onClose={() => address.set("start", null)} />}
    </>
  );
}

function Filters({
  shown,
  state,
  templateName,
  onChange,
}: {
  shown: Shown;
  state: string | null;
  templateName: string | null;
  onChange: (name: string, value: string | null) => void;
}): ReactNode {
  const messages = useMessages(rolloutMessages);
  const trpc = useTRPC();
  const templates = useQuery(trpc.templates.list.queryOptions({}, { staleTime: 60_000 }));
  const names = [...new Set([...(templates.data?.items.map(({ name }) => name) ?? []), ...(templateName === null ? [] : [templateName])])];
  const choose = (name: string) => (value: string) => onChange(name, value === ANY ? null : value);
  return (
    <div className="flex flex-wrap gap-2">
      <Select
        label={messages.filterState}
        value={state ?? ANY}
        onValueChange={choose("state")}
        options={[
          { value: ANY, label: messages.allStates },
          ...STATES[shown].map((one) => ({ value: one as string, label: messages[`state_${one}`] })),
        ]}
      />
      <Select
        label={messages.filterTemplate}
        value={templateName ?? ANY}
        onValueChange={choose("template")}
        options={[{ value: ANY, label: messages.allTemplates }, ...names.map((name) => ({ value: name, label: name }))]}
      />
    </div>
  );
}

function Rows({ rows, shown, footer }: { rows: readonly RolloutRow[]; shown: Shown; footer: ReactNode }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  const columns: Column<RolloutRow>[] = [
    {
      key: "rollout",
      header: messages.columnRollout,
      className: "w-full min-w-48 max-w-0",
      cell: (row) => (
        <RowLink
          note={
            <>
              <span className="tabular-nums">#{row.number}</span> · {messages.startedBy(row.startedByName, format.relative(row.startedAt))}
            </>
          }
        >
          <Link href={`/rollouts/${row.number}`} className="block truncate">
            {messages.onChannel(row.templateName, row.channel)}
          </Link>
        </RowLink>
      ),
    },
    { key: "state", header: messages.columnState, cell: (row) => <RolloutStateBadge state={row.state} /> },
    { key: "versions", header: messages.columnVersions, from: "sm", cell: (row) => <Move baseline={row.baseline} canary={row.canary} /> },
    {
      key: "step",
      header: messages.columnStep,
      from: "md",
      cell: (row) => (
        <span className="whitespace-nowrap">
          {messages.stepOf(row.step + 1, row.steps)}{" "}
          {shown === "live" ? <span className="text-ink-3 tabular-nums">{percentOf(row.weightPercent, format)}</span> : null}
        </span>
      ),
    },
    {
      key: "verdict",
      header: messages.columnVerdict,
      from: "md",
      cell: (row) => (row.verdict === null ? null : <VerdictWord verdict={row.verdict} />),
    },
    ...(shown === "ended"
      ? [
          {
            key: "ended",
            header: messages.columnEnded,
            from: "lg" as const,
            cell: (row: RolloutRow) =>
              row.endedAt === null ? null : (
                <time dateTime={row.endedAt} title={format.dateTime(row.endedAt)} className="whitespace-nowrap text-ink-2">
                  {format.relative(row.endedAt)}
                </time>
              ),
          },
        ]
      : []),
  ];
  return (
    <Table
      label={messages[`tab_${shown}`]}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.number)}
      {...(footer === null ? {} : { footer })}
    />
  );
}
