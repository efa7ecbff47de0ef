import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffLines, linesOf, type TextDiff } from "./line-diff.ts";

/** Puts a difference together again, one side of it. */
function side(diff: TextDiff, which: "before" | "after"): string[] {
  return diff.segments.flatMap((segment) =>
    segment.kind === "same" ? segment.lines : (which === "before" ? segment.removed : segment.added).map(({ text }) => text),
  );
}

test("every line of both texts is in the difference, in its order, under its number", () => {
  const before = Array.from({ length: 200 }, (_, at) => `key${at}: ${(at * 7) % 11}`);
  const after = before.flatMap((line, at) => (at % 17 === 3 ? [] : at % 13 === 5 ? [`${line} changed`, `new${at}: 1`] : [line]));
  const diff = diffLines(before.join("\n"), `${after.join("\n")}\n`);
  expect(side(diff, "before")).toEqual(before);
  expect(side(diff, "after")).toEqual(after);
  for (const segment of diff.segments) {
    const first = segment.kind === "same" ? segment.lines[0] : segment.added[0]?.text;
    if (first !== undefined) expect(after[segment.after - 1]).toBe(first);
    const old = segment.kind === "same" ? segment.lines[0] : segment.removed[0]?.text;
    if (old !== undefined) expect(before[segment.before - 1]).toBe(old);
  }
  expect(diff.added - diff.removed).toBe(after.length - before.length);
});

test("within a changed line, what changed is marked; a line that is another line is not", () => {
  const diff = diffLines("a: 1\nnetwork: { egress: [] }\nb: 2\n", 'a: 1\nnetwork: { egress: [ "api.example.net" ] }\nb: 2\n');
  const changed = diff.segments.find((segment) => segment.kind === "changed");
  if (changed?.kind !== "changed") throw new Error("nothing changed");
  const [line] = changed.added;
  expect(line?.marks.map(({ from, to }) => line.text.slice(from, to)).join("")).toContain('"api.example.net"');
  expect(line?.marks.every(({ from }) => from >= "network: { egress: [".length)).toBe(true);
  const other = diffLines("one: thing\n", "wholly different words here\n").segments[0];
  expect(other?.kind === "changed" && other.added[0]?.marks).toEqual([]);
});

test("whatever the texts, both can be put together again, and what is called the same is the same", () => {
  const text = fc
    .array(fc.constantFrom("a: 1", "  b: 2", "", "c", "    d: long text here"), { maxLength: 14 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = diffLines(before, after);
      expect(side(diff, "before")).toEqual(linesOf(before));
      expect(side(diff, "after")).toEqual(linesOf(after));
      expect(diffLines(before, before)).toMatchObject({ added: 0, removed: 0 });
      for (const segment of diff.segments)
        if (segment.kind === "changed")
          for (const { text: line, marks } of [...segment.removed, ...segment.added])
            for (const { from, to } of marks) expect(from >= 0 && to > from && to <= line.length).toBe(true);
    }),
  );
});

describe("the ends of a text", () => {
  test("nothing against something is all of it added, and the other way round", () => {
    expect(diffLines("", "a\nb\n")).toMatchObject({ added: 2, removed: 0, segments: [{ kind: "changed", before: 1, after: 1 }] });
    expect(diffLines("a\nb\n", "")).toMatchObject({ added: 0, removed: 2 });
    expect(diffLines("", "")).toEqual({ added: 0, removed: 0, segments: [] });
  });
  test("a line end at the end, or one of another kind, is no change", () => {
    expect(diffLines("a\nb", "a\r\nb\r\n")).toMatchObject({ added: 0, removed: 0 });
  });
});

test("two texts that have nothing in common, however long, are one change, told quickly", () => {
  const [one, other] = ["a", "b"].map((letter) => Array.from({ length: 20_000 }, (_, at) => `${letter}${at}`).join("\n")) as [
    string,
    string,
  ];
  const start = performance.now();
  expect(diffLines(`same\n${one}\nsame`, `same\n${other}\nsame`)).toMatchObject({ added: 20_000, removed: 20_000 });
  expect(performance.now() - start).toBeLessThan(1_500);
});

test("a manifest of 3,000 lines is compared in well under a second", () => {
  const before = Array.from(
    { length: 3000 },
    (_, at) => `  key${at}: value of ${(at * 7) % 13}, long enough to make 200 kilobytes of text`,
  );
  const after = before.flatMap((line, at) => (at % 40 === 7 ? [`${line}!`, `  added${at}: x`] : at % 55 === 3 ? [] : [line]));
  const start = performance.now();
  const diff = diffLines(before.join("\n"), after.join("\n"));
  expect(performance.now() - start).toBeLessThan(1_500);
  expect(side(diff, "after")).toEqual(after);
});
