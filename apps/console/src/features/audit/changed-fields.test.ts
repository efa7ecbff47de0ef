import { expect, test } from "vitest";
import { changedFields } from "./changed-fields.ts";

test("fields stand side by side by path, and what changed is marked", () => {
  expect(changedFields({ state: "ready", pool: { warm: 4 } }, { state: "cordoned", pool: { warm: 4 }, reason: "disk" })).toEqual([
    { path: "state", before: "ready", after: "cordoned", changed: true },
    { path: "pool.warm", before: 4, after: 4, changed: false },
    { path: "reason", before: undefined, after: "disk", changed: true },
  ]);
});

test("nothing recorded is nothing to show", () => {
  expect(changedFields(null, null)).toEqual([]);
  expect(changedFields(undefined, null)).toEqual([]);
});

test("lists and plain values count as one value", () => {
  expect(changedFields(["a"], ["a", "b"])).toEqual([{ path: "·", before: ["a"], after: ["a", "b"], changed: true }]);
});
