import { expect, test } from "vitest";
import { colourLines } from "./yaml-colours.ts";

const words = (text: string) =>
  text
    .split("\n")
    .map((line, at) => (colourLines(text.split("\n"))[at] ?? []).map(({ from, to, colour }) => `${colour}:${line.slice(from, to)}`));

test("keys, texts, figures and remarks of a manifest are told apart", () => {
  expect(
    words(
      'spec:\n  driver: node # a remark\n  limits: { timeout: 30s, maxTokens: 20000, cost: "0.05 EUR" }\n  - name: fetch\n  "a:b": true',
    ),
  ).toEqual([
    ["key:spec"],
    ["key:driver", "comment:# a remark"],
    ["key:limits", "mark:{", "key:timeout", "mark:,", "key:maxTokens", "figure:20000", "mark:,", "key:cost", 'text:"0.05 EUR"', "mark:}"],
    ["key:name"],
    ['key:"a:b"', "figure:true"],
  ]);
});

test("a block of text is text, whatever stands in it, until the indentation ends it", () => {
  expect(words("prompt:\n  system: |\n    You read: # everything\n\n    - 12\n  next: 1")).toEqual([
    ["key:prompt"],
    ["key:system"],
    ["text:You read: # everything"],
    [],
    ["text:- 12"],
    ["key:next", "figure:1"],
  ]);
  expect(words("- text: >-\n    folded\n  other: 1").at(-1)).toEqual(["key:other", "figure:1"]);
});

test("JSON is coloured too", () => {
  expect(words('{ "kind": "AgentTemplate", "n": [1, null] }')[0]).toEqual([
    "mark:{",
    'key:"kind"',
    'text:"AgentTemplate"',
    "mark:,",
    'key:"n"',
    "mark:[",
    "figure:1",
    "mark:,",
    "figure:null",
    "mark:]",
    "mark:}",
  ]);
});

test("spans of a line are in order and inside it", () => {
  const lines = ["a: 'it''s' # x", "url: https://example.net/a?b=1#c", "   ", '- [1, {b: "c"}]', 't: "open'];
  colourLines(lines).forEach((spans, at) => {
    let end = 0;
    for (const { from, to } of spans) {
      expect(from).toBeGreaterThanOrEqual(end);
      expect(to).toBeLessThanOrEqual(lines[at]?.length ?? 0);
      end = to;
    }
  });
});
