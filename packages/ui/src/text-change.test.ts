import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changeBetween } from "./text-change.ts";

const pieces = fc.array(fc.constantFrom("a", "b", "\n", "\r\n", "é", "🧪", "🧫"), { maxLength: 12 }).map((parts) => parts.join(""));

describe("the change between two texts", () => {
  test("makes the one into the other", () => {
    fc.assert(
      fc.property(pieces, pieces, (before, after) => {
        const change = changeBetween(before, after);
        expect(change === null ? before : before.slice(0, change.from) + change.text + before.slice(change.to)).toBe(after);
      }),
    );
  });

  test("is only as long as what differs", () => {
    expect(changeBetween("one: 1\ntwo: 2\nthree: 3\n", "one: 1\ntwo: 22\nthree: 3\n")).toEqual({ from: 13, to: 13, text: "2" });
    expect(changeBetween("aaa", "aa")).toEqual({ from: 2, to: 3, text: "" });
    expect(changeBetween("same", "same")).toBeNull();
  });

  test("never cuts a character or a line end in two", () => {
    fc.assert(
      fc.property(pieces, pieces, (before, after) => {
        const change = changeBetween(before, after);
        if (change === null) return;
        for (const cut of [change.from, change.to]) {
          expect(before.slice(cut - 1, cut + 1)).not.toMatch(/^(\r\n|[\ud800-\udbff][\udc00-\udfff])$/);
        }
        expect(change.text.isWellFormed()).toBe(true);
      }),
    );
  });
});
