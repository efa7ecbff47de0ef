import { expect, test } from "vitest";
import { type LineRow, type Row, rowsOf, type View } from "./diff-rows.ts";
import { diffLines } from "./line-diff.ts";

const before = Array.from({ length: 40 }, (_, at) => `line ${at + 1}`);
const after = before.map((line, at) => (at === 19 ? "line twenty" : line));
const diff = diffLines(before.join("\n"), after.join("\n"));
const view = (more: Partial<View> = {}): View => ({ layout: "unified", needed: new Set(), opened: [], ...more });
const shown = (rows: Row[]) =>
  rows.map((row) => (row.kind === "fold" ? `${row.from}…${row.to}` : (row.after?.line ?? `-${row.before?.line}`)));

test("a change stands between three lines on each side; the rest is folded", () => {
  expect(shown(rowsOf(diff, view()))).toEqual(["1…16", 17, 18, 19, "-20", 20, 21, 22, 23, "24…40"]);
});

test("what a reader opened, and what somebody speaks of, is seen", () => {
  expect(shown(rowsOf(diff, view({ opened: [{ from: 1, to: 16 }] }))).slice(0, 3)).toEqual([1, 2, 3]);
  expect(shown(rowsOf(diff, view({ needed: new Set([30]) }))).slice(-6)).toEqual([23, "24…28", 29, 30, 31, "32…40"]);
});

test("a fold hides at least three lines", () => {
  expect(shown(rowsOf(diff, view({ needed: new Set([27]) })))).toContain(24);
});

test("side by side, what went stands beside what came in its place", () => {
  const row = rowsOf(diff, view({ layout: "split" })).find((found): found is LineRow => found.kind === "line" && found.change === "both");
  expect([row?.before?.text, row?.after?.text]).toEqual(["line 20", "line twenty"]);
});

test("every row has a name of its own, and each change one beginning", () => {
  for (const layout of ["unified", "split"] as const) {
    const rows = rowsOf(diffLines("a\nb\nc\nd", "a\nB\nC\nx\nd\ne"), view({ layout }));
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
    expect(rows.filter((row) => row.kind === "line" && row.starts)).toHaveLength(2);
  }
});
