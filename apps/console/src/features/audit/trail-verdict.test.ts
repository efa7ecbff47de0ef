import { expect, test } from "vitest";
import { type Stretch, trailVerdict } from "./trail-verdict.ts";

const stretch = (change: Partial<Stretch>): Stretch => ({
  checked: 10,
  waiting: 0,
  first: null,
  unclaimed: 0,
  checkpoints: ["log.test - 7\n42\nroot\n"],
  nextCursor: null,
  ...change,
});

test("a trail holds when every stretch does and the log holds no more of it", () => {
  const stretches = [stretch({ nextCursor: "10", unclaimed: null }), stretch({ checked: 5, waiting: 1 })];
  expect(trailVerdict(stretches)).toEqual({ kind: "holds", checked: 15, waiting: 1, treeSize: 42 });
});

test("one altered entry in any stretch breaks it, and is named", () => {
  const stretches = [stretch({ nextCursor: "10", unclaimed: null }), stretch({ checked: 2, first: { entryId: "13", problem: "altered" } })];
  expect(trailVerdict(stretches)).toEqual({ kind: "broken", checked: 12, entryId: "13", problem: "altered" });
});

test("entries that were removed with their places are found by what the log still holds", () => {
  expect(trailVerdict([stretch({ unclaimed: 3 })])).toEqual({ kind: "removed", checked: 10, unclaimed: 3 });
});

test("without a signed tree, or without entries, nothing is said to hold", () => {
  expect(trailVerdict([stretch({ checkpoints: [] })]).kind).toBe("unsigned");
  expect(trailVerdict([stretch({ checked: 0 })]).kind).toBe("empty");
});
