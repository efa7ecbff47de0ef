import { describe, expect, test } from "vitest";
import { addEntries, emptyLog, LINES_MAX } from "./log-buffer.ts";

const entry = (seq: number, text: string, stream = "stdout", attempt = 1) => ({
  attempt,
  seq,
  at: "2026-11-01T10:00:00.000Z",
  stream,
  text,
});

describe("the log on the page", () => {
  test("a stream that resumes shows no line twice", () => {
    const once = addEntries(emptyLog, [entry(0, "a"), entry(1, "b")]);
    const again = addEntries(once, [entry(1, "b"), entry(2, "c")]);
    expect(again.lines.map((line) => line.text)).toEqual(["a", "b", "c"]);
    expect(addEntries(again, [entry(0, "a")]).lines).toHaveLength(3);
  });

  test("a second attempt counts from its own beginning", () => {
    const log = addEntries(addEntries(emptyLog, [entry(0, "a"), entry(1, "b")]), [entry(0, "a", "stdout", 2)]);
    expect(log.lines.map((line) => [line.attempt, line.text])).toEqual([
      [1, "a"],
      [1, "b"],
      [2, "a"],
    ]);
  });

  test("an entry with several lines is several lines", () => {
    expect(addEntries(emptyLog, [entry(0, "a\nb\r\nc\n")]).lines.map((line) => [line.text, line.first])).toEqual([
      ["a", true],
      ["b", false],
      ["c", false],
    ]);
  });

  test("however much is printed, the page keeps the newest lines and says how many went", () => {
    const log = addEntries(
      emptyLog,
      Array.from({ length: LINES_MAX + 10 }, (_, seq) => entry(seq, String(seq))),
    );
    expect(log.lines).toHaveLength(LINES_MAX);
    expect(log.lines[0]?.text).toBe("10");
    expect(log.dropped).toBe(10);
  });

  test("partial results are results, not lines", () => {
    const log = addEntries(emptyLog, [entry(0, '{"n":1}', "partial"), entry(1, "x"), entry(2, '{"n":2}', "partial")]);
    expect(log.lines).toHaveLength(1);
    expect(log.partial).toEqual({ text: '{"n":2}', count: 2 });
  });

  test("terminal colours and control characters are taken out", () => {
    expect(addEntries(emptyLog, [entry(0, "\u001b[31mred\u001b[0m\u0007!")]).lines[0]?.text).toBe("red!");
  });
});
