"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import { type Autosave, type AutosaveEvent, advance, hasUnsaved, openAutosave, type SaveFailure, type Theirs } from "./autosave.ts";
import { type DraftKey, dropText, keepText } from "./draft-recovery.ts";

/** How a save ended. Sending never throws: whatever went wrong is an answer. */
export type SaveAnswer =
  | { readonly type: "saved"; readonly revision: number; readonly updatedAt: string }
  | { readonly type: "stale"; readonly theirs: Theirs }
  | { readonly type: "failed"; readonly failure: SaveFailure };

export type SendDraft = (expectedRevision: number, source: string) => Promise<SaveAnswer>;

export type AutosaveDoor = {
  readonly state: Autosave;
  readonly dispatch: (event: AutosaveEvent) => void;
  /** Resolves with the revision that stores what is typed now, or null when it could not be stored. */
  readonly settle: () => Promise<number | null>;
  /** Changes the text as it is at this moment, not as it was when somebody began to think of a change; false when `edit` declines. */
  readonly change: (edit: (text: string) => string | null) => boolean;
};

/** Runs the autosave machine of one draft: its timer, its sends, its copy in the browser and the question before leaving. */
export function useAutosave(key: DraftKey, draft: { source: string; revision: number; updatedAt: string }, send: SendDraft): AutosaveDoor {
  const [state, setState] = useState(() => openAutosave(draft));
  const current = useRef(state);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const waiters = useRef<((state: Autosave) => boolean)[]>([]);
  /** Whether the browser's copy is of this visit: an older visit's is not ours to drop. */
  const keeping = useRef(false);
  const door = useRef({ key, send });
  door.current = { key, send };

  const dispatch = useCallback((event: AutosaveEvent) => {
    const step = advance(current.current, event);
    current.current = step.state;
    setState(step.state);
    const unsaved = hasUnsaved(step.state);
    if (unsaved)
      keepText(localStorage, door.current.key, { text: step.state.text, revision: step.state.revision, keptAt: new Date().toISOString() });
    else if (keeping.current) dropText(localStorage, door.current.key);
    keeping.current = unsaved;
    for (const effect of step.effects) {
      if (effect.type === "unschedule") clearTimeout(timer.current);
      if (effect.type === "schedule") {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => dispatch({ type: "timer" }), effect.afterMs);
      }
      if (effect.type === "send") void door.current.send(effect.expectedRevision, effect.source).then(dispatch);
    }
    waiters.current = waiters.current.filter((settled) => !settled(current.current));
  }, []);

  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (hasUnsaved(current.current)) event.preventDefault();
    };
    // A tab in the background may be thrown away without a word: do not wait for the timer there.
    const hidden = () => {
      if (document.visibilityState === "hidden") dispatch({ type: "save-now" });
    };
    const again = () => {
      if (current.current.phase === "failed") dispatch({ type: "save-now" });
    };
    addEventListener("beforeunload", ask);
    addEventListener("online", again);
    addEventListener("focus", again);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      removeEventListener("beforeunload", ask);
      removeEventListener("online", again);
      removeEventListener("focus", again);
      document.removeEventListener("visibilitychange", hidden);
      clearTimeout(timer.current);
      // Leaving by a link: what is typed is still sent; the browser's copy covers a failure.
      dispatch({ type: "save-now" });
      clearTimeout(timer.current);
    };
  }, [dispatch]);

  const settle = useCallback(() => {
    return new Promise<number | null>((resolve) => {
      const settled = (now: Autosave): boolean => {
        if (now.phase === "waiting") queueMicrotask(() => dispatch({ type: "save-now" }));
        if (now.phase === "waiting" || now.phase === "saving") return false;
        resolve(now.phase === "clean" ? now.revision : null);
        return true;
      };
      dispatch({ type: "save-now" });
      if (!settled(current.current)) waiters.current.push(settled);
    });
  }, [dispatch]);

  const change = useCallback(
    (edit: (text: string) => string | null) => {
      const text = edit(current.current.text);
      if (text !== null) dispatch({ type: "typed", text });
      return text !== null;
    },
    [dispatch],
  );

  return { state, dispatch, settle, change };
}
