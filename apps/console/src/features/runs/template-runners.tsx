"use client";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { RunStateBadge } from "./run-state.tsx";
import { runnersOf } from "./runners.ts";
import { submitMessages } from "./submit-messages.ts";

const SHOWN = 6;

/** Who runs a template's published versions: people and programs by their newest runs. */
export function TemplateRunners({ templateName }: { templateName: string }): ReactNode {
  const messages = useMessages(submitMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const runs = useQuery(trpc.runs.list.queryOptions({ templateName, kind: "run" }));
  const runners = runnersOf(runs.data?.items ?? []);
  return (
    <Panel title={messages.runners}>
      {runs.isError ? (
        <QueryProblem error={runs.error} retry={() => void runs.refetch()} />
      ) : !runs.data ? (
        <Skeleton className="h-10 w-full" />
      ) : runners.length === 0 ? (
        <p className="text-ink-2">{messages.runnersNobody}</p>
      ) : (
        <>
          <ul className="-my-1 flex flex-col divide-y divide-line">
            {runners.slice(0, SHOWN).map((runner) => (
              <li key={runner.name} className="flex items-center gap-2 py-2">
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-medium">{runner.name}</span>
                  <span className="block text-sm text-ink-3">
                    {messages.runsBy(format.number(runner.runs), runner.runs)} · {messages.last(format.relative(runner.lastAt))}
                  </span>
                </span>
                <Link href={`/runs/${runner.lastRunId}`} className="rounded-full hover:underline">
                  <RunStateBadge state={runner.lastState} />
                </Link>
              </li>
            ))}
          </ul>
          <div className="mt-2 flex flex-wrap gap-x-2 text-sm text-ink-3">
            {runs.data.nextCursor === null ? null : <span>{messages.ofNewest(runs.data.items.length)}</span>}
            <Link href={`/runs?template=${templateName}&kind=run`} className="rounded-sm text-accent hover:underline">
              {messages.all}
            </Link>
          </div>
        </>
      )}
    </Panel>
  );
}
