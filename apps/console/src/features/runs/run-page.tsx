"use client";
import { Button } from "@agent-factory/ui/button";
import { CopyButton } from "@agent-factory/ui/copy-button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useMutation } from "@tanstack/react-query";
import { Square } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { runChannelMessages } from "./channel-messages.ts";
import { runMessages } from "./messages.ts";
import { movedFromOf } from "./moved-sentence.ts";
import { JsonText, OutputViewer } from "./output-viewer.tsx";
import { RunSide } from "./run-channel.tsx";
import { RunErrorView } from "./run-error.tsx";
import { RunStateBadge } from "./run-state.tsx";
import { RunTimeline } from "./run-timeline.tsx";
import { RunUsageView } from "./run-usage.tsx";
import { isOver, type RunView } from "./run-view.ts";
import { RunWaiting } from "./run-waiting.tsx";
import { LogPanel } from "./try-result.tsx";
import { useRun, type WatchedRun } from "./use-run.ts";

/** One run: what came of it, what it printed, what went in, and everything that happened to it. */
export function RunPage({ runId }: { runId: string }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const watched = useRun(runId);
  const cancel = useMutation(trpc.runs.cancel.mutationOptions());
  const { run } = watched;
  const cancelling = run !== null && (run.cancelRequested || cancel.isPending || cancel.isSuccess);
  return (
    <>
      <PageHeader
        breadcrumbs={[
          <Link key="runs" href="/runs">
            {messages.title}
          </Link>,
        ]}
        title={run ? run.templateName : runId.slice(-8)}
        badges={
          run ? (
            <>
              <span role="status" data-testid="run-state" data-state={run.state}>
                <RunStateBadge state={run.state} after={run.usage ? <span>{format.durationMs(run.usage.durationMs)}</span> : null} />
              </span>
              <span className="font-mono text-sm text-ink-3" title={run.id}>
                {run.id.slice(-8)}
              </span>
            </>
          ) : null
        }
        actions={
          run && !isOver(run.state) ? (
            <Button onClick={() => cancel.mutate({ runId })} loading={cancelling} disabledReason={viewer.can("runs.cancel").reason}>
              <Square aria-hidden />
              {cancelling ? messages.cancelling : messages.cancel}
            </Button>
          ) : null
        }
      />
      <PageBody>
        {cancel.error ? <QueryProblem error={cancel.error} title={messages.cancel} /> : null}
        {run ? (
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_320px]">
            <RunBody watched={watched} run={run} />
            <div className="flex min-w-0 flex-col gap-4">
              <Facts run={run} />
              <Panel title={messages.timeline}>
                <RunTimeline events={run.events} />
              </Panel>
            </div>
          </div>
        ) : watched.error ? (
          <QueryProblem error={watched.error} title={messages.notFoundTitle} />
        ) : (
          <div aria-busy className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_320px]">
            <Skeleton className="h-64 w-full" />
            <Skeleton className="h-48 w-full" />
          </div>
        )}
      </PageBody>
    </>
  );
}

function RunBody({ watched, run }: { watched: WatchedRun; run: RunView }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const over = isOver(run.state);
  return (
    <div className="flex min-w-0 flex-col gap-4">
      {run.waiting && !over ? (
        <Panel>
          <RunWaiting waiting={run.waiting} />
        </Panel>
      ) : null}
      {run.error ? <RunErrorView error={run.error} paths={null} /> : null}
      {run.output ? (
        <Panel title={messages.output}>
          <OutputViewer run={run} />
        </Panel>
      ) : watched.log.partial ? (
        <Panel title={messages.partialSoFar(watched.log.partial.count)}>
          <JsonText text={watched.log.partial.text} />
        </Panel>
      ) : null}
      <LogPanel watched={watched} over={over} rows={20} />
      <Panel
        title={messages.input}
        actions={
          <>
            <span className="text-sm text-ink-3">{format.bytes(run.input.sizeBytes)}</span>
            {run.input.text === null ? null : <CopyButton text={run.input.text} label={messages.copyInput} done={messages.outputCopied} />}
          </>
        }
      >
        {run.input.text === null ? (
          <p className="text-ink-2">{messages.inputLarge(format.bytes(run.input.sizeBytes))}</p>
        ) : (
          <JsonText text={run.input.text} />
        )}
      </Panel>
      {run.usage ? (
        <Panel>
          <RunUsageView usage={run.usage} />
        </Panel>
      ) : null}
    </div>
  );
}

function Facts({ run }: { run: RunView }): ReactNode {
  const messages = useMessages(runMessages);
  const words = useMessages(runChannelMessages);
  const format = useFormat();
  const movedFrom = movedFromOf(run);
  const link = "rounded-sm text-accent hover:underline";
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      messages.factTemplate,
      <Link key="template" href={`/templates/${run.templateName}`} className={link}>
        {run.templateName}
      </Link>,
    ],
    run.draftId === null
      ? [
          messages.factVersion,
          run.semver === null ? (
            messages.none
          ) : (
            <Link key="version" href={`/templates/${run.templateName}/versions/${run.semver}`} className={`${link} font-mono text-sm`}>
              {run.semver}
            </Link>
          ),
        ]
      : [
          messages.factDraft,
          <Link key="draft" href={`/templates/${run.templateName}/drafts/${run.draftId}?run=${run.id}`} className={link}>
            {messages.draftRevision(run.draftRevision ?? 0)}
          </Link>,
        ],
    [
      words.channel,
      run.channel === null ? null : (
        <Link key="channel" href={`/templates/${run.templateName}#channels`} className={link}>
          {run.channel}
        </Link>
      ),
    ],
    [
      words.rollout,
      run.cohort === null ? null : (
        <span key="rollout" className="flex flex-wrap items-center gap-2">
          {run.rolloutNumber === null ? null : (
            <Link href={`/rollouts/${run.rolloutNumber}`} className={link}>
              {words.rolloutNumber(run.rolloutNumber)}
            </Link>
          )}
          <RunSide cohort={run.cohort} moved={false} />
        </span>
      ),
    ],
    [words.moved, movedFrom === null ? null : words.movedWhat(movedFrom)],
    [messages.factDriver, <code key="driver">{run.driver}</code>],
    [messages.factHost, run.hostName === null ? messages.none : <code key="host">{run.hostName}</code>],
    [messages.factAttempts, messages.attemptOf(run.attempt, run.maxAttempts)],
    [messages.factSubmitted, format.dateTime(run.submittedAt)],
    [messages.factBy, run.submittedByName],
    [messages.factStarted, run.startedAt === null ? null : format.dateTime(run.startedAt)],
    [messages.factFinished, run.finishedAt === null ? null : format.dateTime(run.finishedAt)],
  ];
  return (
    <Panel title={messages.facts}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ),
        )}
      </dl>
    </Panel>
  );
}
