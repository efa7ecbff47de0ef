"use client";
import { Button } from "@agent-factory/ui/button";
import { CopyButton } from "@agent-factory/ui/copy-button";
import { saveFile } from "@agent-factory/ui/save-file";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { JsonTree } from "./json-tree.tsx";
import { runMessages } from "./messages.ts";
import type { RunView } from "./run-view.ts";

/** Above this the text is offered for download and shown as text only: a tree of it would stall the page. */
const TREE_BYTES_MAX = 4 * 1024 * 1024;

/** What a run gave back: a tree to look through, the text to copy, the whole to download. */
export function OutputViewer({ run }: { run: Pick<RunView, "id" | "output" | "templateName"> }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const [wanted, setWanted] = useState(false);
  const whole = useQuery(trpc.runs.readOutput.queryOptions({ runId: run.id }, { enabled: wanted, staleTime: Number.POSITIVE_INFINITY }));
  if (!run.output) return <p className="text-ink-2">{messages.outputNone}</p>;
  const text = run.output.text ?? whole.data?.text ?? null;
  return (
    <div className="flex min-h-0 flex-col gap-2">
      <div className="flex items-center gap-2">
        <span className="text-[12px] text-ink-2">{format.bytes(run.output.sizeBytes)}</span>
        <span className="flex-1" />
        {text === null ? null : (
          <>
            <CopyButton text={text} label={messages.outputCopy} done={messages.outputCopied} />
            <Button
              size="sm"
              variant="ghost"
              onClick={() => saveFile(`${run.templateName}-${run.id.slice(-8)}.json`, "application/json", text)}
            >
              <Download aria-hidden />
              {messages.outputDownload}
            </Button>
          </>
        )}
      </div>
      {whole.isError ? (
        <QueryProblem error={whole.error} retry={() => void whole.refetch()} />
      ) : text === null ? (
        <div className="flex flex-wrap items-center gap-3 rounded-sm bg-sunken px-3 py-2">
          <p className="text-ink-2">{messages.outputLarge(format.bytes(run.output.sizeBytes))}</p>
          <Button size="sm" onClick={() => setWanted(true)} loading={whole.isFetching}>
            {messages.outputLoad}
          </Button>
        </div>
      ) : (
        <JsonText text={text} />
      )}
    </div>
  );
}

export function JsonText({ text }: { text: string }): ReactNode {
  const value = useMemo(() => (text.length > TREE_BYTES_MAX ? undefined : parsed(text)), [text]);
  return (
    <div data-testid="json" className="max-h-[420px] min-h-0 overflow-auto rounded-sm bg-sunken px-1 py-2">
      {value === undefined ? (
        <pre className="px-3 font-mono text-[12px] whitespace-pre-wrap">{text.slice(0, 100_000)}</pre>
      ) : (
        <JsonTree value={value} />
      )}
    </div>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
