"use client";
import { CloudOff, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useFailure } from "../../i18n/failures.ts";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { Autosave } from "./autosave.ts";
import { templateMessages } from "./messages.ts";

/** Whether what is typed is stored, in words. Screen readers hear changes, not the seconds passing. */
export function SaveState({ state, onRetry }: { state: Autosave; onRetry: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const failed = useFailure(state.failure?.cause ?? null);
  const words = (): { shown: string; said: string } => {
    switch (state.phase) {
      case "clean":
        return {
          shown: messages.saved(format.relative(state.storedAt)),
          said: messages.savedNow,
        };
      case "waiting":
        return { shown: messages.unsaved, said: "" };
      case "saving":
        return { shown: messages.saving, said: "" };
      case "stale":
        return { shown: messages.notSavedStale, said: messages.notSavedStale };
      case "failed": {
        const why = messages.notSaved(state.failure?.signedOut ? messages.signedOut : (failed?.sentence ?? ""));
        return { shown: why, said: why };
      }
    }
  };
  const { shown, said } = words();
  const trouble = state.phase === "failed" || state.phase === "stale";
  return (
    <span className="flex min-w-0 items-center gap-2 text-[13px]" data-testid="save-state" data-phase={state.phase}>
      {state.phase === "failed" ? <CloudOff aria-hidden className="size-4 shrink-0 text-breached" /> : null}
      {state.phase === "stale" ? <TriangleAlert aria-hidden className="size-4 shrink-0 text-warning" /> : null}
      <span className={`truncate ${trouble ? "text-ink" : "text-ink-2"}`} aria-hidden title={shown}>
        {shown}
      </span>
      <span role="status" className="sr-only">
        {said}
      </span>
      {state.phase === "failed" ? (
        <button type="button" onClick={onRetry} className="shrink-0 rounded-sm text-accent hover:underline">
          {messages.retry}
        </button>
      ) : null}
    </span>
  );
}
