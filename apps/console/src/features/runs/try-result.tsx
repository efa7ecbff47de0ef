"use client";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { WifiOff } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { runMessages } from "./messages.ts";
import { JsonText, OutputViewer } from "./output-viewer.tsx";
import { RunErrorView } from "./run-error.tsx";
import { RunLog } from "./run-log.tsx";
import { RunUsageView } from "./run-usage.tsx";
import { isOver } from "./run-view.ts";
import { RunWaiting } from "./run-waiting.tsx";
import { TryFailure } from "./try-failure.tsx";
import type { WatchedRun } from "./use-run.ts";

type Props = {
  readonly watched: WatchedRun;
  readonly runId: string | null;
  readonly templateName: string;
  readonly paths: readonly string[] | null;
  readonly onOpenFrame: (path: string, line: number, column: number) => void;
};

/** What a try gave: before the first one, what it would do. */
export function TryResult({ watched, runId, paths, onOpenFrame }: Props): ReactNode {
  const messages = useMessages(runMessages);
  const { run, log } = watched;
  if (runId === null) {
    return (
      <Panel title={messages.tryHintTitle}>
        <p className="text-ink-2">{messages.tryHint}</p>
      </Panel>
    );
  }
  if (!run) return watched.error ? <TryFailure error={watched.error} /> : <Skeleton className="h-40 w-full" />;
  const over = isOver(run.state);
  return (
    <>
      {watched.connected ? null : (
        <p role="status" className="flex items-center gap-2 text-[12px] text-ink-2">
          <WifiOff aria-hidden className="size-3.5" />
          {messages.reconnecting}
        </p>
      )}
      {run.waiting && !over ? (
        <Panel>
          <RunWaiting waiting={run.waiting} />
        </Panel>
      ) : null}
      {run.error ? <RunErrorView error={run.error} paths={paths} onOpen={onOpenFrame} /> : null}
      {run.output ? (
        <Panel title={messages.output}>
          <OutputViewer run={run} />
        </Panel>
      ) : log.partial ? (
        <Panel title={messages.partialSoFar(log.partial.count)}>
          <JsonText text={log.partial.text} />
        </Panel>
      ) : null}
      <LogPanel watched={watched} over={over} />
      <Panel>
        {run.usage ? <RunUsageView usage={run.usage} /> : null}
        <Link href={`/runs/${run.id}`} className={`text-[12px] text-accent hover:underline ${run.usage ? "mt-3 inline-block" : ""}`}>
          {messages.openRun}
        </Link>
      </Panel>
    </>
  );
}

/** The log grows with its lines up to a bound, so that a quiet run takes little room and a loud one does not take it all. */
export function LogPanel({ watched, over, rows = 12 }: { watched: WatchedRun; over: boolean; rows?: number }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const { run, log } = watched;
  return (
    <Panel
      title={messages.log}
      actions={
        <span className="text-sm text-ink-3">
          {log.dropped > 0
            ? messages.logDropped(format.number(log.dropped))
            : log.lines.length > 0
              ? messages.logLines(log.lines.length, format.number(log.lines.length))
              : null}
        </span>
      }
    >
      <div className="flex" style={{ height: Math.min(rows, Math.max(2, log.lines.length)) * 20 + 16 }}>
        <RunLog log={log} ended={over} attempts={run?.attempt ?? 1} />
      </div>
    </Panel>
  );
}
