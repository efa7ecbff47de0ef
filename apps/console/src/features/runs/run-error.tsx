"use client";
import { CornerDownRight, OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { integrityGroupOf, integrityMessages } from "../../i18n/integrity-checks.ts";
import { runMessages } from "./messages.ts";
import type { RunView } from "./run-view.ts";
import { placeFrames } from "./stack-frames.ts";

type RunFault = NonNullable<RunView["error"]>;

/** Why a run failed, and where in the template's own code. `onOpen` shows that place; without it the stack is text. */
export function RunErrorView({
  error,
  paths,
  onOpen,
}: {
  error: RunFault;
  paths: readonly string[] | null;
  onOpen?: ((path: string, line: number, column: number) => void) | undefined;
}): ReactNode {
  const messages = useMessages(runMessages);
  const known: Readonly<Record<string, unknown>> = messages;
  const sentence = known[`error_${error.kind}`];
  const checks = useMessages(integrityMessages);
  const group = integrityGroupOf(error.check);
  const frames = placeFrames(error.stack, paths);
  return (
    <div
      role="alert"
      data-testid="run-error"
      className="rounded-md border border-line-strong border-l-[3px] border-l-breached bg-surface px-3 py-2"
    >
      <p className="flex items-center gap-2 font-semibold text-ink">
        <OctagonX aria-hidden className="size-4 shrink-0 text-breached" />
        {typeof sentence === "string" ? sentence : messages.error_other}
      </p>
      {group === null ? null : <p className="mt-1 text-ink">{checks[group]}</p>}
      <pre className="mt-1 max-h-40 overflow-auto font-mono text-[12px] break-words whitespace-pre-wrap text-ink">{error.message}</pre>
      {frames.length > 0 ? (
        <ol aria-label={messages.stack} className="mt-2 flex flex-col gap-0.5 font-mono text-[12px]">
          {frames.map((frame, index) => {
            const place = `${frame.file}:${frame.line}:${frame.column}`;
            const { path } = frame;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a stack may hold one frame twice, and never changes
              <li key={index} className="flex flex-wrap items-baseline gap-x-2">
                <CornerDownRight aria-hidden className="size-3 self-center text-ink-2" />
                <span className="text-ink">{frame.function ?? messages.anonymous}</span>
                {path !== null && onOpen ? (
                  <button
                    type="button"
                    className="rounded-sm text-accent hover:underline"
                    title={messages.openFrame(path, frame.line)}
                    onClick={() => onOpen(path, frame.line, frame.column)}
                  >
                    {place}
                  </button>
                ) : (
                  <span className="text-ink-2">{place}</span>
                )}
              </li>
            );
          })}
        </ol>
      ) : null}
    </div>
  );
}
