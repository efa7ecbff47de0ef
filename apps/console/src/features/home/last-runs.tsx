"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { homeMessages } from "./messages.ts";
import { Rows } from "./my-drafts.tsx";
import { StateWord } from "./state-word.tsx";

const SHOWN_MAX = 8;
const MOVING = new Set(["queued", "leased", "running"]);

/** The newest runs; looked at again every few seconds while one of them moves. */
export function LastRuns(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const list = useQuery(
    trpc.runs.list.queryOptions(
      {},
      { refetchInterval: (query) => (query.state.data?.items.some((run) => MOVING.has(run.state)) ? 2_000 : 15_000) },
    ),
  );
  if (list.isError) return <QueryProblem title={messages.problemRuns} error={list.error} retry={() => void list.refetch()} />;
  const runs = list.data?.items.slice(0, SHOWN_MAX);
  return (
    <Panel
      title={messages.lastTries}
      padding="none"
      actions={
        <LinkButton variant="ghost" size="sm">
          <Link href="/runs">{messages.allRuns}</Link>
        </LinkButton>
      }
    >
      {runs === undefined ? (
        <Rows count={5} />
      ) : runs.length === 0 ? (
        <p className="px-4 py-5 text-pretty text-ink-2">{messages.noRuns}</p>
      ) : (
        <ul>
          {runs.map((run) => (
            <li
              key={run.id}
              className="relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60"
            >
              <span className="min-w-0 flex-1">
                <Link href={`/runs/${run.id}`} className="rounded-sm font-semibold after:absolute after:inset-0 hover:underline">
                  {run.templateName}
                </Link>{" "}
                <span className="text-ink-3">{run.kind === "try" ? messages.kind_try : messages.kind_run}</span>
                <span className="block truncate text-sm text-ink-3">
                  {messages.by(run.submittedByName)}
                  {run.hostName === null ? null : ` · ${messages.on(run.hostName)}`}
                </span>
              </span>
              <StateWord state={run.state} />
              <span className="hidden w-20 text-right text-sm text-ink-2 sm:block">
                {run.startedAt === null || run.finishedAt === null
                  ? null
                  : format.durationMs(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}
              </span>
              <time dateTime={run.submittedAt} className="w-24 text-right text-sm text-ink-3">
                {format.relative(run.submittedAt)}
              </time>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
