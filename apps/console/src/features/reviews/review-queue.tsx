"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { useRowKeys } from "@agent-factory/ui/row-keys";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { Tabs } from "@agent-factory/ui/tabs";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Check, CircleDashed, Clock, GitPullRequestArrow, MessageSquare, Undo2, UserCheck, X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { ClassMarks } from "./class-marks.tsx";
import { queueMessages } from "./queue-messages.ts";
import type { ReviewRow } from "./review-view.ts";

const filters = ["waiting", "mine", "open", "closed"] as const;
type Filter = (typeof filters)[number];
/** The queue is asked for again this often; a review's own page hears of changes at once. */
const QUIET_MS = 10_000;

/** What waits to be published, for whom; which part of it stands in the address. */
export function ReviewQueue(): ReactNode {
  const messages = useMessages(queueMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const address = useAddress();
  const usual: Filter = viewer.can("reviews.approve").allowed ? "waiting" : "mine";
  const filter = filters.find((known) => known === address.get("show")) ?? usual;
  const list = useInfiniteQuery(
    trpc.reviews.list.infiniteQueryOptions(
      { filter },
      {
        getNextPageParam: (page) => page.nextCursor,
        // Another tab's rows are no placeholder for this one's; its counts are.
        placeholderData: keepPreviousData,
        refetchInterval: QUIET_MS,
      },
    ),
  );
  const counts = list.data?.pages[0]?.counts;
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const listed = useRowKeys<HTMLDivElement>("tbody th a");
  const show = (next: string) => address.set("show", next === usual ? null : next);
  const content = (
    <div ref={listed} className="pt-4">
      {list.isPending || list.isPlaceholderData ? (
        <SkeletonRows rows={6} label={messages.title} />
      ) : list.isError ? (
        <QueryProblem error={list.error} retry={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <NothingHere filter={filter} onShow={show} />
      ) : (
        <Rows
          rows={rows}
          filter={filter}
          footer={
            list.hasNextPage ? (
              <Button size="sm" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                {messages.more}
              </Button>
            ) : null
          }
        />
      )}
    </div>
  );
  return (
    <>
      <PageHeader title={messages.title} />
      <PageBody>
        <Tabs
          label={messages.tabsLabel}
          value={filter}
          onValueChange={show}
          listClassName="px-0!"
          tabs={filters.map((name) => ({
            value: name,
            label: (
              <span className="inline-flex items-center gap-1.5">
                {messages[`tab_${name}`]}
                {name !== "closed" && counts !== undefined ? (
                  <span className="min-w-4 rounded-full bg-unknown-soft px-1.5 text-center text-xs font-medium text-ink-2 tabular-nums">
                    {counts[name]}
                  </span>
                ) : null}
              </span>
            ),
            content: name === filter ? content : null,
          }))}
        />
      </PageBody>
    </>
  );
}

function Rows({ rows, filter, footer }: { rows: readonly ReviewRow[]; filter: Filter; footer: ReactNode }): ReactNode {
  const messages = useMessages(queueMessages);
  const format = useFormat();
  const columns: Column<ReviewRow>[] = [
    {
      key: "review",
      header: messages.columnReview,
      className: "w-full min-w-56 max-w-0",
      cell: (row) => (
        <RowLink
          note={
            <span>
              <span className="tabular-nums">#{row.number}</span> · <span className="text-ink-2">{row.templateName}</span> ·{" "}
              {messages.askedBy(row.openedByName)} {format.relative(row.openedAt)}
            </span>
          }
        >
          <Link href={`/reviews/${row.number}`} className="block truncate">
            {row.title}
          </Link>
        </RowLink>
      ),
    },
    { key: "state", header: messages.columnState, cell: (row) => <RowState row={row} /> },
    {
      key: "changes",
      header: messages.columnChanges,
      from: "lg",
      cell: (row) =>
        row.digest === null ? (
          <Badge tone="breached">{messages.notValid}</Badge>
        ) : row.subjectKind === "plan" ? null : row.classes.length === 0 ? (
          <span className="text-sm text-ink-3">{messages.newTemplate}</span>
        ) : (
          <ClassMarks classes={row.classes} />
        ),
    },
    {
      key: "version",
      header: messages.columnVersion,
      from: "md",
      cell: (row) => (
        <span className="whitespace-nowrap">
          {row.nextSemver === null ? null : <span className="font-mono text-sm">{row.nextSemver}</span>}
          {row.demands === "none" ? null : <span className="text-sm text-ink-3"> {messages[row.demands]}</span>}
        </span>
      ),
    },
    { key: "approvals", header: messages.columnApprovals, from: "sm", cell: (row) => <Approvals row={row} /> },
    { key: "remarks", header: messages.columnRemarks, from: "md", cell: (row) => <Remarks row={row} /> },
  ];
  return (
    <Table
      label={messages[`tab_${filter}`]}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.number)}
      {...(footer === null ? {} : { footer })}
    />
  );
}

function RowState({ row }: { row: ReviewRow }): ReactNode {
  const messages = useMessages(queueMessages);
  if (row.outcome !== null) return <Badge tone="healthy">{messages.publishedAs(row.outcome)}</Badge>;
  if (row.state === "rejected")
    return (
      <Badge tone="breached" icon={<X aria-hidden />}>
        {messages.state_rejected}
      </Badge>
    );
  if (row.state === "withdrawn")
    return (
      <Badge tone="neutral" icon={<Undo2 aria-hidden />}>
        {messages.state_withdrawn}
      </Badge>
    );
  return (
    <span className="flex flex-wrap gap-1">
      {row.state === "approved" ? (
        <Badge tone="healthy">{messages.state_approved}</Badge>
      ) : (
        <Badge tone="accent" icon={<GitPullRequestArrow aria-hidden />}>
          {messages.state_open}
        </Badge>
      )}
      {row.stale ? (
        <span title={messages.staleNote}>
          <Badge tone="warning" icon={<Clock aria-hidden />}>
            {messages.stale}
          </Badge>
        </span>
      ) : null}
    </span>
  );
}

function Approvals({ row }: { row: ReviewRow }): ReactNode {
  const messages = useMessages(queueMessages);
  const enough = row.approvals >= row.required;
  const Icon = enough ? Check : CircleDashed;
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap text-ink-2">
      <Icon aria-hidden className={`size-3.5 shrink-0 ${enough ? "text-healthy" : "text-ink-3"}`} />
      <span>{messages.of(row.approvals, row.required)}</span>
      {row.mine === "approved" && row.approvals > 0 ? (
        <span className="inline-flex items-center gap-1 text-sm text-ink-3">
          <UserCheck aria-hidden className="size-3.5" />
          {messages.youApproved}
        </span>
      ) : null}
    </span>
  );
}

function Remarks({ row }: { row: ReviewRow }): ReactNode {
  const messages = useMessages(queueMessages);
  if (row.comments === 0) return null;
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${row.unresolved > 0 ? "text-ink" : "text-ink-3"}`}>
      <MessageSquare aria-hidden className="size-3.5 shrink-0" />
      {row.unresolved > 0 ? messages.unresolved(row.unresolved) : messages.allResolved}
    </span>
  );
}

function NothingHere({ filter, onShow }: { filter: Filter; onShow: (filter: Filter) => void }): ReactNode {
  const messages = useMessages(queueMessages);
  const toTemplates = (
    <LinkButton>
      <Link href="/templates">{messages.emptyTemplates}</Link>
    </LinkButton>
  );
  const toAll = <Button onClick={() => onShow("open")}>{messages.emptyAll}</Button>;
  return (
    <EmptyState
      icon={<GitPullRequestArrow />}
      title={messages[`empty_${filter}`]}
      action={filter === "waiting" || filter === "closed" ? toAll : toTemplates}
    >
      {messages[`emptyText_${filter}`]}
    </EmptyState>
  );
}
