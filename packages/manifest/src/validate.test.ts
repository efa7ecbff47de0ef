import { describe, expect, test } from "vitest";
import { checkSchema } from "./schema-check.ts";
import { validateAgainst } from "./validate.ts";

const schema = {
  type: "object",
  required: ["text"],
  properties: {
    text: { type: "string", minLength: 2 },
    count: { type: "integer", minimum: 1 },
    kind: { enum: ["a", "b"] },
    at: { format: "date-time" },
    list: { type: "array", items: { $ref: "#/$defs/item" } },
  },
  additionalProperties: false,
  $defs: { item: { type: "string", pattern: "^x" } },
};

test("a valid value has no issues", () => {
  expect(validateAgainst(schema, { text: "hello", count: 2, kind: "a", at: "2026-01-01T00:00:00Z", list: ["x1"] })).toEqual([]);
});

describe("an input that breaks the schema is told where and why, in both languages", () => {
  const cases: [string, unknown, string, string, string][] = [
    ["a missing key", {}, "", 'The value must have the key "text".', 'La valeur doit avoir la clé "text".'],
    ["a key too many", { text: "ok", extra: 1 }, "/extra", 'must not have the key "extra"', 'ne doit pas avoir la clé "extra"'],
    ["a wrong type", { text: 5 }, "/text", "/text must be string.", "/text doit être de type string."],
    ["a number too small", { text: "ok", count: 0 }, "/count", "must be at least 1", "doit être au moins 1"],
    ["a value not listed", { text: "ok", kind: "c" }, "/kind", "must be one of a or b", "doit être l'une des valeurs a ou b"],
    ["a form not met", { text: "ok", at: "yesterday" }, "/at", 'must be of the format "date-time"', 'doit être au format "date-time"'],
    ["an item behind a reference", { text: "ok", list: ["x", "y"] }, "/list/1", "must match the pattern", "doit correspondre au motif"],
  ];
  test.each(cases)("%s", (_, value, pointer, en, fr) => {
    const [issue] = validateAgainst(schema, value);
    expect(issue?.pointer).toBe(pointer);
    expect(issue?.message.en).toContain(en);
    expect(issue?.message.fr).toContain(fr);
  });
});

describe("what an author writes cannot hurt us", () => {
  test("a pattern is not tried on a long text, which is then no match", () => {
    const start = performance.now();
    expect(validateAgainst({ type: "string", pattern: "a*a*a*b$" }, "a".repeat(5_000_000))).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test.each(["(a+)+$", "(a*)*", "(?:a{1,9}b)+c", "((a+)b)*", "(?=a)b", "(a)\\1", "(?<n>a)\\k<n>", "a".repeat(301), "["])(
    "the pattern %s is refused",
    (pattern) => {
      expect(checkSchema({ pattern })).toMatchObject([{ code: "schema.pattern", path: ["pattern"] }]);
      expect(validateAgainst({ pattern }, "x")).toHaveLength(1);
    },
  );

  test.each(["^[a-z]+-\\d{4}$", "(a|b)?c+", "[(+*)]+", "\\(\\+\\)+", "^(foo|bar)+$", "a{2}b*"])("the pattern %s is fine", (pattern) => {
    expect(checkSchema({ pattern })).toEqual([]);
  });

  test.each([
    { type: "objet" },
    { $ref: "https://example.com/x" },
    { $ref: "#/$defs/none" },
    { $id: "x" },
    { properties: [] },
    5,
    null,
    undefined,
  ])("nothing is valid under a schema that is none", (broken) => {
    expect(validateAgainst(broken, {})).toMatchObject([{ pointer: "" }]);
  });

  test("a schema that refers to itself in circles, and a value too deep, are refused, not run for ever", () => {
    expect(validateAgainst({ $ref: "#" }, {})).toHaveLength(1);
    let deep: unknown = 1;
    for (let at = 0; at < 50_000; at++) deep = [deep];
    expect(validateAgainst({ $defs: { n: { items: { $ref: "#/$defs/n" } } }, $ref: "#/$defs/n" }, deep)).toHaveLength(1);
  });

  test("two patterns in one schema are two patterns", () => {
    const both = { properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } };
    expect(validateAgainst(both, { a: "a", b: "b" })).toEqual([]);
    expect(validateAgainst(both, { a: "b" })).toMatchObject([{ pointer: "/a" }]);
    expect(validateAgainst(both, { b: "a" })).toMatchObject([{ pointer: "/b" }]);
  });

  test("two schemas with one name inside do not see each other", () => {
    expect(validateAgainst({ $defs: { a: { $anchor: "a", type: "string" } }, $ref: "#a" }, "x")).toEqual([]);
    expect(validateAgainst({ $defs: { a: { $anchor: "a", type: "number" } }, $ref: "#a" }, 1)).toEqual([]);
  });
});
