"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Hourglass, ShieldCheck, ShieldX } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useMemo } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { type LocalCheck, useLocalCheck } from "../../trpc/use-local-check.ts";
import { CopyText } from "./copy-text.tsx";
import type { LogEntryReport } from "./log-entry.ts";
import { LogKind } from "./log-kind.tsx";
import { signingMessages } from "./messages.ts";
import type { LogEntryView } from "./signing-view.ts";

/** One entry of the log, found again in it by this browser. */
export function LogEntryPage({ index }: { index: number }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const entry = useQuery(trpc.signing.logEntry.queryOptions({ index }, { staleTime: 60_000 }));
  const { data } = entry;
  const subject = useMemo(() => (data === undefined ? undefined : { index, entry: data }), [index, data]);
  const check = useLocalCheck(subject, findAgain);
  const last = entry.data ? entry.data.proof.size - 1 : index;
  return (
    <>
      <PageHeader
        breadcrumbs={[
          <Link key="trust" href="/trust">
            {messages.title}
          </Link>,
          <Link key="log" href="/trust/log">
            {messages.logTitle}
          </Link>,
        ]}
        title={messages.entry(format.number(index))}
        badges={entry.data ? <LogKind kind={entry.data.kind} /> : null}
        actions={
          <>
            {index === 0 ? null : (
              <LinkButton>
                <Link href={`/trust/log/${index - 1}`}>
                  <ChevronLeft aria-hidden />
                  {messages.previous}
                </Link>
              </LinkButton>
            )}
            {index >= last ? null : (
              <LinkButton>
                <Link href={`/trust/log/${index + 1}`}>
                  {messages.next}
                  <ChevronRight aria-hidden />
                </Link>
              </LinkButton>
            )}
          </>
        }
      />
      <PageBody>
        {entry.data ? (
          <Loaded index={index} entry={entry.data} check={check} />
        ) : entry.isError ? (
          <QueryProblem title={messages.problem} error={entry.error} retry={() => void entry.refetch()} pending={entry.isFetching} />
        ) : (
          <div role="status" aria-label={messages.loading} className="flex flex-col gap-4">
            <Skeleton className="h-16 w-full" />
            <Skeleton className="h-64 w-full" />
          </div>
        )}
      </PageBody>
    </>
  );
}

type Props = { readonly index: number; readonly entry: LogEntryView; readonly check: LocalCheck<LogEntryReport> };

function Loaded({ index, entry, check }: Props): ReactNode {
  const { found: report, error, retry } = check;
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const number = format.number(index);
  const facts: readonly (readonly [string, ReactNode])[] = [
    [messages.columnWhen, format.dateTime(entry.integratedAt)],
    [
      messages.belongs,
      entry.own === null ? (
        messages.foreign
      ) : (
        <Link key="own" href={entry.own.href} className="rounded-sm text-accent hover:underline">
          {entry.own.label}
        </Link>
      ),
    ],
    [messages.origin, entry.shard.origin],
    [messages.columnLeaf, <code key="leaf">{entry.leafHash}</code>],
    [messages.root, <code key="root">{entry.proof.root}</code>],
    [messages.size, format.number(entry.proof.size)],
  ];
  return (
    <>
      <div
        data-testid="entry-verdict"
        data-state={error !== null ? "unchecked" : report === undefined ? "checking" : report.held ? "held" : "refused"}
      >
        {error !== null ? (
          <QueryProblem title={messages.checkFailed} error={error} retry={retry} />
        ) : report === undefined ? (
          <Notice tone="accent" icon={<Hourglass aria-hidden />} title={messages.checking} />
        ) : report.held ? (
          <Notice
            tone="healthy"
            icon={<ShieldCheck aria-hidden />}
            title={messages.entryHeld(number, format.number(entry.proof.size), entry.proof.size)}
          >
            {messages.entryHeldText}
          </Notice>
        ) : (
          <Notice tone="breached" icon={<ShieldX aria-hidden />} title={messages.entryRefused(number)}>
            {messages.entryRefusedText}
          </Notice>
        )}
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          {report ? <Steps report={report} /> : null}
          <Panel title={messages.about}>
            <dl className="grid grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-[auto_minmax(0,1fr)]">
              {facts.map(([name, value]) => (
                <div key={name} className="contents">
                  <dt className="text-ink-3">{name}</dt>
                  <dd className="min-w-0 break-all">{value}</dd>
                </div>
              ))}
            </dl>
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel>
            <CopyText label={messages.body} text={indented(entry.body)} note={messages[`bodyText_${entry.kind}`]} />
          </Panel>
          <Panel>
            <CopyText label={messages.checkpoint} text={entry.checkpoint} />
          </Panel>
        </div>
      </div>
    </>
  );
}

function Steps({ report }: { report: LogEntryReport }): ReactNode {
  const messages = useMessages(signingMessages);
  return (
    <Panel title={messages.steps} padding="none">
      <ol className="divide-y divide-line">
        {report.steps.map(({ name, held }) => {
          const ink = held ? "text-healthy" : "text-breached";
          const Icon = held ? ShieldCheck : ShieldX;
          return (
            <li
              key={name}
              data-testid={`log-step-${name}`}
              data-state={held ? "held" : "refused"}
              className="flex items-start gap-3 px-4 py-2.5"
            >
              <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${ink}`} />
              <span className="min-w-0 flex-1 text-pretty">{held ? messages[`step_${name}`] : messages[`step_${name}_refused`]}</span>
              <span className={`shrink-0 text-sm font-medium ${ink}`}>{held ? messages.held : messages.refused}</span>
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}

async function findAgain({ index, entry }: Pick<Props, "index" | "entry">): Promise<LogEntryReport> {
  const { checkLogEntry } = await import("./log-entry.ts");
  return checkLogEntry(index, entry);
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
