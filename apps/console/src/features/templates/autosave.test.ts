import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Autosave, type AutosaveEvent, advance, hasUnsaved, openAutosave, TYPING_PAUSE_MS } from "./autosave.ts";

const opened = () => openAutosave({ source: "a: 1", revision: 3, updatedAt: "2026-11-01T10:00:00.000Z" });
const theirs = { revision: 4, source: "a: theirs", updatedByName: "Ada", updatedAt: "2026-11-01T10:01:00.000Z" };
const unreachable = { retryable: true, signedOut: false, cause: null };
const expired = { retryable: true, signedOut: true, cause: null };

function run(state: Autosave, ...events: AutosaveEvent[]) {
  return events.reduce((step, event) => advance(step.state, event), { state, effects: [] } as ReturnType<typeof advance>);
}

describe("autosave", () => {
  test("typing waits for a pause, then sends the text on the revision it stands on", () => {
    const waiting = run(opened(), { type: "typed", text: "a: 2" });
    expect(waiting.effects).toEqual([{ type: "schedule", afterMs: TYPING_PAUSE_MS }]);
    const sending = advance(waiting.state, { type: "timer" });
    expect(sending.state.phase).toBe("saving");
    expect(sending.effects).toContainEqual({ type: "send", expectedRevision: 3, source: "a: 2" });
  });

  test("what is typed while a save is under way is saved next, on the new revision", () => {
    const step = run(
      opened(),
      { type: "typed", text: "a: 2" },
      { type: "save-now" },
      { type: "typed", text: "a: 23" },
      { type: "saved", revision: 4, updatedAt: "2026-11-01T10:02:00.000Z" },
    );
    expect(step.state).toMatchObject({ phase: "waiting", text: "a: 23", stored: "a: 2", revision: 4 });
    expect(advance(step.state, { type: "timer" }).effects).toContainEqual({ type: "send", expectedRevision: 4, source: "a: 23" });
  });

  test("typing back to the stored text needs no save", () => {
    expect(run(opened(), { type: "typed", text: "a: 2" }, { type: "typed", text: "a: 1" }).state.phase).toBe("clean");
  });

  test("a failed save keeps the text and tries again later", () => {
    const step = run(opened(), { type: "typed", text: "a: 2" }, { type: "timer" }, { type: "failed", failure: unreachable });
    expect(step.state).toMatchObject({ phase: "failed", text: "a: 2", revision: 3 });
    expect(step.effects).toEqual([{ type: "schedule", afterMs: 2_000 }]);
    expect(advance(step.state, { type: "timer" }).state.phase).toBe("saving");
  });

  test("an expired session does not hammer the door, and saves when asked after signing in again", () => {
    const step = run(opened(), { type: "typed", text: "a: 2" }, { type: "timer" }, { type: "failed", failure: expired });
    expect(step.effects).toEqual([]);
    expect(run(step.state, { type: "typed", text: "a: 22" }, { type: "timer" }).state).toMatchObject({ phase: "failed", text: "a: 22" });
    expect(advance(step.state, { type: "save-now" }).effects).toContainEqual({ type: "send", expectedRevision: 3, source: "a: 2" });
  });

  test("a newer revision by somebody else stops saving until a choice is made", () => {
    const step = run(opened(), { type: "typed", text: "a: mine" }, { type: "timer" }, { type: "stale", theirs });
    expect(step.state).toMatchObject({ phase: "stale", text: "a: mine", theirs });
    const stuck = run(step.state, { type: "timer" }, { type: "save-now" }, { type: "typed", text: "a: mine!" });
    expect(stuck.state).toMatchObject({ phase: "stale", text: "a: mine!" });
    expect(stuck.effects).toEqual([]);
  });

  test("keeping mine is stored on top of theirs; taking theirs leaves nothing unsaved", () => {
    const { state } = run(opened(), { type: "typed", text: "a: mine" }, { type: "timer" }, { type: "stale", theirs });
    expect(advance(state, { type: "keep-mine" }).effects).toContainEqual({ type: "send", expectedRevision: 4, source: "a: mine" });
    const taken = advance(state, { type: "take-theirs", theirs }).state;
    expect(taken).toMatchObject({ phase: "clean", text: "a: theirs", revision: 4 });
    expect(hasUnsaved(taken)).toBe(false);
  });

  test("the newest revision, asked for, does not replace what was typed while it was read", () => {
    expect(advance(opened(), { type: "newest", theirs }).state).toMatchObject({ phase: "clean", text: "a: theirs", revision: 4 });
    const typing = run(opened(), { type: "typed", text: "a: mine" }, { type: "newest", theirs });
    expect(typing.state).toMatchObject({ phase: "waiting", text: "a: mine", revision: 3 });
    const sent = run(typing.state, { type: "timer" }, { type: "typed", text: "a: 1" }, { type: "newest", theirs });
    expect(sent.state).toMatchObject({ phase: "saving", text: "a: 1", revision: 3 });
  });

  test("an answer that was lost on the way is no conflict: the same text is already stored", () => {
    const step = run(opened(), { type: "typed", text: "a: theirs" }, { type: "timer" }, { type: "stale", theirs });
    expect(step.state).toMatchObject({ phase: "clean", revision: 4 });
  });

  test("the live notice of one's own save is not news; somebody else's is, and changes no text", () => {
    const own = run(
      opened(),
      { type: "typed", text: "a: 2" },
      { type: "timer" },
      { type: "elsewhere", newer: { revision: 4, updatedByName: "Me", updatedAt: "" } },
      { type: "saved", revision: 4, updatedAt: "" },
    );
    expect(own.state.newer).toBeNull();
    const other = advance(opened(), { type: "elsewhere", newer: { revision: 4, updatedByName: "Ada", updatedAt: "" } });
    expect(other.state).toMatchObject({ phase: "clean", text: "a: 1", newer: { revision: 4 } });
  });

  test("whatever happens, no typed text is lost and no send names a revision nobody has seen", () => {
    const word = fc.constantFrom("a: 1", "a: 2", "a: 3");
    const event = fc.oneof(
      fc.record({ type: fc.constant("typed" as const), text: word }),
      fc.constant({ type: "timer" as const }),
      fc.constant({ type: "save-now" as const }),
      fc.record({ type: fc.constant("saved" as const), revision: fc.integer({ min: 4, max: 9 }), updatedAt: fc.constant("") }),
      fc.record({ type: fc.constant("failed" as const), failure: fc.constantFrom(unreachable, expired) }),
      fc.constant({ type: "stale" as const, theirs }),
      fc.record({
        type: fc.constant("elsewhere" as const),
        newer: fc.record({ revision: fc.integer({ min: 4, max: 9 }), updatedByName: fc.constant("Ada"), updatedAt: fc.constant("") }),
      }),
      fc.constant({ type: "keep-mine" as const }),
      fc.constant({ type: "newest" as const, theirs }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let state = opened();
        const seen = new Set([3]);
        let lastTyped = state.text;
        for (const happened of events) {
          if (happened.type === "typed") lastTyped = happened.text;
          if (happened.type === "saved") seen.add(happened.revision);
          if (happened.type === "stale" || happened.type === "newest") seen.add(happened.theirs.revision);
          if (happened.type === "newest" && state.phase === "clean") lastTyped = happened.theirs.source;
          const step = advance(state, happened);
          for (const effect of step.effects) {
            if (effect.type !== "send") continue;
            expect(seen.has(effect.expectedRevision)).toBe(true);
            expect(effect.source).toBe(lastTyped);
          }
          state = step.state;
          expect(state.text).toBe(lastTyped);
          expect(state.phase === "clean" && hasUnsaved(state)).toBe(false);
        }
      }),
    );
  });
});
