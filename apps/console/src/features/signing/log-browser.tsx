"use client";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, ScrollText } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { LogHead } from "./log-head.tsx";
import { LogKind } from "./log-kind.tsx";
import { indexOf } from "./log-place.ts";
import { signingMessages } from "./messages.ts";
import { type LogRow, type LogView, shortHash } from "./signing-view.ts";
import { TrustHeader } from "./trust-header.tsx";

const TAKE = 25;
const GoToEntry = dynamic(() => import("./log-go-to.tsx").then((loaded) => loaded.GoToEntry), { ssr: false });

/** The transparency log, newest entries first. Which page is shown stands in the address: `before` is the first index above it. */
export function LogBrowser(): ReactNode {
  const { allowed, reason } = useViewer().can("signing.read");
  return allowed ? (
    <AllowedBrowser />
  ) : (
    <>
      <TrustHeader section="log" />
      <PageBody>
        <NotAllowed reason={reason} />
      </PageBody>
    </>
  );
}

function AllowedBrowser(): ReactNode {
  const messages = useMessages(signingMessages);
  const trpc = useTRPC();
  const before = indexOf(useSearchParams().get("before"));
  const log = useQuery(
    trpc.signing.log.queryOptions({ take: TAKE, ...(before === null ? {} : { before }) }, { placeholderData: keepPreviousData }),
  );
  return (
    <>
      <TrustHeader section="log" actions={log.data && log.data.shard.size > 0 ? <GoToEntry last={log.data.shard.size - 1} /> : null} />
      <PageBody>
        <p className="max-w-3xl text-pretty text-ink-2">{messages.logLead}</p>
        {log.data ? (
          log.data.shard.size === 0 ? (
            <EmptyState icon={<ScrollText />} title={messages.logEmptyTitle}>
              {messages.logEmptyText}
            </EmptyState>
          ) : (
            <>
              <LogHead shard={log.data.shard} />
              <Entries log={log.data} />
            </>
          )
        ) : log.isError ? (
          <QueryProblem title={messages.problem} error={log.error} retry={() => void log.refetch()} pending={log.isFetching} />
        ) : (
          <SkeletonRows rows={8} label={messages.loading} />
        )}
      </PageBody>
    </>
  );
}

function Entries({ log }: { log: LogView }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const router = useRouter();
  const { size } = log.shard;
  const newest = log.entries[0]?.index ?? 0;
  const oldest = log.entries.at(-1)?.index ?? 0;
  const show = (before: number) => router.push(before >= size ? "/trust/log" : `/trust/log?before=${before}`, { scroll: false });
  const columns: Column<LogRow>[] = [
    {
      key: "index",
      header: messages.columnIndex,
      cell: (entry) => (
        <RowLink>
          <Link href={`/trust/log/${entry.index}`} aria-label={messages.entry(format.number(entry.index))} className="tabular-nums">
            {format.number(entry.index)}
          </Link>
        </RowLink>
      ),
    },
    {
      key: "what",
      header: messages.columnWhat,
      cell: (entry) => (
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <LogKind kind={entry.kind} />
          {entry.own === null ? (
            <span className="text-ink-3">{messages.foreign}</span>
          ) : (
            <Link
              href={entry.own.href}
              className={`relative z-1 rounded-sm hover:underline ${entry.kind === "dsse" ? "font-medium" : "text-ink-2"}`}
            >
              {entry.own.label}
            </Link>
          )}
        </span>
      ),
    },
    {
      key: "when",
      header: messages.columnWhen,
      from: "sm",
      cell: (entry) => (
        <time dateTime={entry.integratedAt} className="whitespace-nowrap text-ink-2">
          {format.dateTime(entry.integratedAt)}
        </time>
      ),
    },
    {
      key: "leaf",
      header: messages.columnLeaf,
      from: "md",
      cell: (entry) => (
        <code className="text-sm text-ink-2" title={entry.leafHash}>
          {shortHash(entry.leafHash)}
        </code>
      ),
    },
  ];
  return (
    <Table
      label={messages.entries}
      rows={log.entries}
      rowKey={(entry) => String(entry.index)}
      columns={columns}
      footer={
        <>
          <span className="tabular-nums">{messages.range(format.number(newest), format.number(oldest), format.number(size))}</span>
          <span className="ml-auto" />
          {newest >= size - 1 ? null : (
            <>
              <Button size="sm" variant="ghost" onClick={() => show(size)}>
                {messages.newest}
              </Button>
              <Button size="sm" onClick={() => show(Math.min(size, newest + 1 + TAKE))}>
                <ArrowUp aria-hidden />
                {messages.newer}
              </Button>
            </>
          )}
          {oldest === 0 ? null : (
            <Button size="sm" onClick={() => show(oldest)}>
              <ArrowDown aria-hidden />
              {messages.older}
            </Button>
          )}
        </>
      }
    />
  );
}
