"use client";
/**
 * *Try it*: a draft, as saved, run on a real host with an input, its log and output streamed in. The run's id lives in the
 * page's address, so a try can be left, shared and found again.
 */
import { Button } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { useMutation } from "@tanstack/react-query";
import { Play, Square } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import type { InputKey } from "./input-memory.ts";
import { runMessages } from "./messages.ts";
import { RunStateBadge } from "./run-state.tsx";
import { isOver, type RunView } from "./run-view.ts";
import { TryFailure } from "./try-failure.tsx";
import { faultOf, type InputFault } from "./try-input.ts";
import { TryInputField } from "./try-input-field.tsx";
import { TryResult } from "./try-result.tsx";
import { useRun } from "./use-run.ts";
import { useTryInput } from "./use-try-input.ts";

export type TryPaneProps = {
  readonly templateName: string;
  readonly draftId: string;
  readonly inputKey: InputKey;
  /** Saves what is typed; resolves with the revision that holds it, or null when it could not be saved. */
  readonly settle: () => Promise<number | null>;
  /** Errors in the manifest on the screen: it is not tried before they are mended. */
  readonly errors: number;
  /** Two texts want to be the next revision, and nobody has chosen yet. */
  readonly undecided: boolean;
  readonly runId: string | null;
  readonly onRunId: (runId: string) => void;
  /** Files of the draft's code archive; null while unknown. */
  readonly paths: readonly string[] | null;
  readonly onOpenFrame: (path: string, line: number, column: number) => void;
  /** Rises by one when something outside the pane (a shortcut, the page's button) asks for a run. */
  readonly requests: number;
};

export function TryPane({
  templateName,
  draftId,
  inputKey,
  settle,
  errors,
  undecided,
  runId,
  onRunId,
  paths,
  onOpenFrame,
  requests,
}: TryPaneProps): ReactNode {
  const messages = useMessages(runMessages);
  const trpc = useTRPC();
  const allowed = useViewer().can("runs.try");
  const blocked = allowed.reason ?? (undecided ? messages.whyStale : errors > 0 ? messages.whyInvalid(errors) : null);
  const { input, setInput, recent, remember } = useTryInput(inputKey);
  const [fault, setFault] = useState<InputFault | "unsaved" | null>(null);
  const [preparing, setPreparing] = useState(false);
  const start = useMutation(trpc.runs.try.mutationOptions());
  const cancel = useMutation(trpc.runs.cancel.mutationOptions());
  const watched = useRun(runId);
  const { run } = watched;
  const going = run !== null && !isOver(run.state);
  const busy = preparing || start.isPending;

  const launch = async () => {
    if (blocked !== null || busy || going) return;
    const wrong = faultOf(input);
    setFault(wrong);
    start.reset();
    if (wrong) return;
    setPreparing(true);
    try {
      const revision = await settle();
      if (revision === null) return setFault("unsaved");
      remember(input);
      const started = await start.mutateAsync({ draftId, expectedRevision: revision, input: input.text });
      cancel.reset();
      onRunId(started.runId);
    } catch {
      // Shown from the mutation's own error below.
    } finally {
      setPreparing(false);
    }
  };
  const asked = useRef(requests);
  useEffect(() => {
    if (requests === asked.current) return;
    asked.current = requests;
    void launch();
  });

  return (
    <div data-testid="try-pane" className="flex min-w-0 flex-col gap-4">
      <Panel
        id="try"
        title={
          <>
            {messages.tryIt}
            <TryBadge run={run} />
          </>
        }
      >
        <TryInputField
          name={`try/${draftId}/input.json`}
          input={input}
          recent={recent}
          onChange={(next) => {
            setInput(next);
            setFault(null);
            if (start.isError) start.reset();
          }}
        />
        <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
          {going ? (
            <Button onClick={() => cancel.mutate({ runId: run.id })} loading={cancel.isPending || cancel.isSuccess}>
              <Square aria-hidden />
              {cancel.isPending || cancel.isSuccess ? messages.cancelling : messages.cancel}
            </Button>
          ) : (
            <Button variant="primary" onClick={() => void launch()} disabledReason={blocked ?? undefined} loading={busy}>
              <Play aria-hidden />
              {messages.runIt}
            </Button>
          )}
          <InputComplaint blocked={going ? null : blocked} fault={fault} />
          <TryPlace run={run} />
        </div>
        {start.error ? <TryFailure error={start.error} /> : null}
        {cancel.error ? <TryFailure error={cancel.error} /> : null}
      </Panel>
      <TryResult watched={watched} runId={runId} templateName={templateName} paths={paths} onOpenFrame={onOpenFrame} />
    </div>
  );
}

/** State and duration, beside the title. */
function TryBadge({ run }: { run: RunView | null }): ReactNode {
  const format = useFormat();
  return (
    <span role="status" data-testid="try-state" data-state={run?.state ?? "none"}>
      {run ? (
        <RunStateBadge
          state={run.state}
          after={run.usage ? <span className="tabular-nums">{format.durationMs(run.usage.durationMs)}</span> : null}
        />
      ) : null}
    </span>
  );
}

/** Where it ran, and how quickly the sandbox was handed out. */
function TryPlace({ run }: { run: RunView | null }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  if (!run) return null;
  const { usage } = run;
  const words = [
    run.hostName === null ? null : messages.onHost(run.hostName),
    usage ? (usage.warm ? messages.warmIn : messages.coldIn)(format.durationMs(usage.handOutMs)) : null,
    run.attempt > 1 ? messages.attemptOf(run.attempt, run.maxAttempts) : null,
  ];
  return <span className="ml-auto truncate font-mono text-sm text-ink-3">{words.filter((word) => word !== null).join(" · ")}</span>;
}

function InputComplaint({ blocked, fault }: { blocked: string | null; fault: InputFault | "unsaved" | null }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const sentence = () => {
    if (fault === "unsaved") return messages.whyUnsaved;
    if (fault?.kind === "empty") return messages.inputEmpty;
    if (fault?.kind === "too-large") return messages.inputTooLarge(format.bytes(16 * 1024 * 1024));
    if (fault?.kind === "not-json") return messages.inputNotJsonAt(fault.line, fault.column);
    return null;
  };
  const said = sentence();
  if (said !== null)
    return (
      <p role="alert" className="text-[12px] text-breached">
        {said}
      </p>
    );
  return blocked === null ? null : <p className="text-[12px] text-ink-2">{blocked}</p>;
}
