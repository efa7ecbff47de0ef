import { expect, test } from "vitest";
import { runChannelMessages } from "./channel-messages.ts";
import { movedFromOf, movedSentence } from "./moved-sentence.ts";

const moved = (reason: string) => ({ reason, from: "1.2.0", to: "1.1.0" });

test.each([
  ["rolled-back", "Went on with 1.1.0: 1.2.0 was taken back", "A continué avec 1.1.0 : 1.2.0 a été retirée"],
  ["canary-failed", "Went on with 1.1.0: it failed with 1.2.0", "A continué avec 1.1.0 : elle a échoué avec 1.2.0"],
  ["a-reason-of-tomorrow", "Went on with 1.1.0: instead of 1.2.0", "A continué avec 1.1.0 : au lieu de 1.2.0"],
])("a run that was moved says from which version and why: %s", (reason, english, french) => {
  expect(movedSentence(moved(reason), runChannelMessages.en)).toBe(english);
  expect(movedSentence(moved(reason), runChannelMessages.fr)).toBe(french);
});

test("the version a run was moved away from is that of its last move", () => {
  const event = (kind: string, data: Record<string, unknown>) => ({ at: "2026-11-25T10:00:00.000Z", attempt: 1, kind, data });
  expect(movedFromOf({ events: [event("submitted", {}), event("leased", { from: "9.9.9" })] })).toBeNull();
  expect(movedFromOf({ events: [event("moved", { from: "1.1.0" }), event("moved", moved("canary-gone")), event("leased", {})] })).toBe(
    "1.2.0",
  );
});
