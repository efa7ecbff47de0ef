/**
 * When a draft is saved, and what happens when it cannot be. Pure: state and event in, state and effects out.
 *
 *   clean    what is typed is what is stored              typed → waiting · newest (asked for, and read meanwhile) → clean
 *   waiting  typed, not sent; a timer runs                timer, save-now → saving · typed back to the stored text → clean
 *   saving   sent, no answer yet; typing goes on          saved → clean, or waiting if more was typed · failed → failed · stale → stale
 *   failed   refused or unreachable; the text is kept     retry, save-now, timer (only if `retryable`) → saving
 *   stale    somebody stored a newer revision             take-theirs → clean · keep-mine → saving, on top of theirs
 *
 * Nothing is ever stored over a revision that its author has not seen: every send names the revision it stands on, and the
 * only way out of `stale` is a choice. `elsewhere` (somebody saved, told live) changes no text; it only fills `newer`.
 */

/** What somebody else stored meanwhile. `updatedAt` is ISO 8601. */
export type Theirs = { readonly revision: number; readonly source: string; readonly updatedByName: string; readonly updatedAt: string };
export type Newer = { readonly revision: number; readonly updatedByName: string; readonly updatedAt: string };

/** Why a save did not happen. `retryable`: the same request may succeed later without anybody changing anything. */
export type SaveFailure = { readonly retryable: boolean; readonly signedOut: boolean; readonly cause: unknown };

export type Autosave = {
  readonly phase: "clean" | "waiting" | "saving" | "failed" | "stale";
  /** What the editor shows. */
  readonly text: string;
  /** What is stored as `revision`, as far as we have seen. */
  readonly stored: string;
  readonly revision: number;
  readonly storedAt: string;
  /** The text on its way, in phase `saving`. */
  readonly sent: string | null;
  readonly failure: SaveFailure | null;
  /** Failed sends since the last success. */
  readonly attempts: number;
  readonly theirs: Theirs | null;
  readonly newer: Newer | null;
};

export type AutosaveEvent =
  | { readonly type: "typed"; readonly text: string }
  | { readonly type: "timer" }
  | { readonly type: "save-now" }
  | { readonly type: "saved"; readonly revision: number; readonly updatedAt: string }
  | { readonly type: "failed"; readonly failure: SaveFailure }
  | { readonly type: "stale"; readonly theirs: Theirs }
  | { readonly type: "elsewhere"; readonly newer: Newer }
  | { readonly type: "take-theirs"; readonly theirs: Theirs }
  | { readonly type: "newest"; readonly theirs: Theirs }
  | { readonly type: "keep-mine" };

export type AutosaveEffect =
  | { readonly type: "schedule"; readonly afterMs: number }
  | { readonly type: "unschedule" }
  | { readonly type: "send"; readonly expectedRevision: number; readonly source: string };

export type Advance = { readonly state: Autosave; readonly effects: readonly AutosaveEffect[] };

export const TYPING_PAUSE_MS = 800;
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000] as const;

export function openAutosave(draft: { source: string; revision: number; updatedAt: string }): Autosave {
  return {
    phase: "clean",
    text: draft.source,
    stored: draft.source,
    revision: draft.revision,
    storedAt: draft.updatedAt,
    sent: null,
    failure: null,
    attempts: 0,
    theirs: null,
    newer: null,
  };
}

/** True when closing the page now would leave something typed that is not stored. */
export function hasUnsaved(state: Autosave): boolean {
  return state.text !== state.stored;
}

export function advance(state: Autosave, event: AutosaveEvent): Advance {
  switch (event.type) {
    case "typed":
      return typed(state, event.text);
    case "timer":
    case "save-now":
      return mayBeSent(state, event.type) ? send(state) : stay(state);
    case "saved":
      return saved(state, event.revision, event.updatedAt);
    case "failed":
      return failed(state, event.failure);
    case "stale":
      return stale(state, event.theirs);
    case "elsewhere":
      return event.newer.revision > Math.max(state.revision, state.newer?.revision ?? 0)
        ? stay({ ...state, newer: event.newer })
        : stay(state);
    case "take-theirs":
      return takeTheirs(state, event.theirs);
    case "newest":
      // What was typed while it was read is not thrown away: its save is refused as stale, and then a person chooses.
      return state.phase === "clean" ? takeTheirs(state, event.theirs) : stay(state);
    case "keep-mine":
      return state.phase === "stale" && state.theirs
        ? send({ ...state, stored: state.theirs.source, revision: state.theirs.revision, theirs: null })
        : stay(state);
  }
}

function typed(state: Autosave, text: string): Advance {
  const next = { ...state, text };
  switch (state.phase) {
    case "clean":
    case "waiting":
      if (text === state.stored) return { state: { ...next, phase: "clean" }, effects: [{ type: "unschedule" }] };
      return { state: { ...next, phase: "waiting" }, effects: [{ type: "schedule", afterMs: TYPING_PAUSE_MS }] };
    case "failed":
      // Something that will not heal by itself may heal by other text (too large, for one): then typing tries again.
      if (state.failure?.signedOut) return stay(next);
      return {
        state: next,
        effects: [{ type: "schedule", afterMs: state.failure?.retryable ? retryAfter(state.attempts) : TYPING_PAUSE_MS }],
      };
    case "saving":
    case "stale":
      return stay(next);
  }
}

function mayBeSent(state: Autosave, why: "timer" | "save-now"): boolean {
  if (state.phase === "waiting") return true;
  return state.phase === "failed" && (why === "save-now" || !state.failure?.signedOut);
}

function send(state: Autosave): Advance {
  return {
    state: { ...state, phase: "saving", sent: state.text },
    effects: [{ type: "unschedule" }, { type: "send", expectedRevision: state.revision, source: state.text }],
  };
}

function saved(state: Autosave, revision: number, updatedAt: string): Advance {
  if (state.phase !== "saving" || state.sent === null) return stay(state);
  const settled: Autosave = {
    ...state,
    phase: "clean",
    stored: state.sent,
    revision,
    storedAt: updatedAt,
    sent: null,
    failure: null,
    attempts: 0,
    newer: state.newer && state.newer.revision > revision ? state.newer : null,
  };
  if (settled.text === settled.stored) return stay(settled);
  return { state: { ...settled, phase: "waiting" }, effects: [{ type: "schedule", afterMs: TYPING_PAUSE_MS }] };
}

function failed(state: Autosave, failure: SaveFailure): Advance {
  if (state.phase !== "saving") return stay(state);
  const attempts = state.attempts + 1;
  return {
    state: { ...state, phase: "failed", sent: null, failure, attempts },
    effects: failure.retryable && !failure.signedOut ? [{ type: "schedule", afterMs: retryAfter(attempts) }] : [],
  };
}

function stale(state: Autosave, theirs: Theirs): Advance {
  if (state.phase !== "saving") return stay(state);
  // The same words by two hands are no conflict: an answer lost on the way ends here too.
  if (theirs.source === state.text) return { state: { ...openAutosave({ ...theirs }) }, effects: [{ type: "unschedule" }] };
  return stay({ ...state, phase: "stale", sent: null, theirs, newer: null });
}

function takeTheirs(state: Autosave, { source, revision, updatedAt }: Theirs): Advance {
  const newer = state.newer && state.newer.revision > revision ? state.newer : null;
  return { state: { ...openAutosave({ source, revision, updatedAt }), newer }, effects: [{ type: "unschedule" }] };
}

function retryAfter(attempts: number): number {
  return RETRY_MS[Math.min(Math.max(attempts, 1), RETRY_MS.length) - 1] ?? 30_000;
}

function stay(state: Autosave): Advance {
  return { state, effects: [] };
}
