import { describe, expect, test } from "vitest";
import { narrowings } from "./schema-compatibility.ts";

type Schema = boolean | { [keyword: string]: unknown };

const text = { type: "string" };

describe("what authors do every day is told apart", () => {
  const closed = (properties: object, required: string[] = []) => ({ type: "object", properties, required, additionalProperties: false });
  const compatible: [string, Schema, Schema][] = [
    ["an optional key added to a closed object", closed({ a: text }), closed({ a: text, b: text })],
    ["a required key made optional", closed({ a: text }, ["a"]), closed({ a: text })],
    ["a type added", { type: "string" }, { type: ["string", "null"] }],
    ["integer to number", { type: "integer" }, { type: "number" }],
    ["a value added to an enum", { enum: ["a"] }, { enum: ["a", "b"] }],
    ["an enum of texts opened to any text", { enum: ["a", "b"] }, { type: "string" }],
    ["a bound loosened", { type: "number", minimum: 2, exclusiveMaximum: 9 }, { type: "number", exclusiveMinimum: 1, maximum: 9 }],
    ["a multiple of a multiple", { type: "integer", multipleOf: 6 }, { type: "number", multipleOf: 3 }],
    ["bounds on another type", { type: "string" }, { type: "string", minimum: 4, minItems: 3, required: ["a"] }],
    ["an alternative added", { anyOf: [text] }, { anyOf: [text, { type: "null" }] }],
    ["a schema put among alternatives", text, { anyOf: [{ type: "null" }, text] }],
    ["alternatives that the new type covers", { oneOf: [text, { type: "null" }] }, { type: ["string", "null", "number"] }],
    ["a part moved into a definition", closed({ a: text }), { ...closed({ a: { $ref: "#/$defs/text" } }), $defs: { text } }],
    [
      "a tree that refers to itself, loosened",
      { $ref: "#/$defs/tree", $defs: { tree: closed({ value: { type: "integer" }, next: { $ref: "#/$defs/tree" } }) } },
      { $ref: "#/$defs/node", $defs: { node: closed({ value: { type: "number" }, next: { $ref: "#/$defs/node" } }) } },
    ],
    ["a tuple opened", { type: "array", prefixItems: [text], items: false }, { type: "array", items: text }],
    ["words only", { title: "a", ...text }, { description: "b", ...text }],
  ];
  test.each(compatible)("compatible: %s", (_, old, next) => expect(narrowings(old, next)).toEqual([]));

  const narrowed: [string, Schema, Schema, string][] = [
    ["a key now required", closed({ a: text }), closed({ a: text }, ["a"]), 'now requires "a"'],
    ["a key removed from a closed object", closed({ a: text, b: text }), closed({ a: text }), "accepts nothing any more"],
    [
      "an optional key added to an open object, where anything stood before",
      { type: "object" },
      { type: "object", properties: { a: text } },
      "no longer accepts number",
    ],
    ["an object closed", { type: "object" }, { type: "object", additionalProperties: false }, "accepts nothing any more"],
    ["a type dropped", { type: ["string", "null"] }, { type: "string" }, "no longer accepts null"],
    ["number to integer", { type: "number" }, { type: "integer" }, "no longer accepts number"],
    ["a value dropped from an enum", { enum: ["a", "b"] }, { enum: ["a"] }, 'no longer accepts "b"'],
    ["a bound tightened", { type: "number", minimum: 1 }, { type: "number", exclusiveMinimum: 1 }, "above 1"],
    ["a pattern added", text, { ...text, pattern: "^a" }, "must now match"],
    ["a length tightened", text, { ...text, maxLength: 3 }, "at most 3 characters"],
    ["an alternative dropped", { anyOf: [text, { type: "null" }] }, { anyOf: [text] }, "no longer accepts null"],
    [
      "an item tightened, deep inside",
      { type: "array", items: closed({ a: {} }) },
      { type: "array", items: closed({ a: text }) },
      "no longer accepts object",
    ],
    [
      "a definition tightened under the same name",
      { $ref: "#/$defs/x", $defs: { x: {} } },
      { $ref: "#/$defs/x", $defs: { x: text } },
      "no longer accepts object",
    ],
    ["an alternative that only leads back to itself", { type: "number" }, { anyOf: [{ $ref: "#" }, text] }, ""],
    ["a condition added", text, { if: { minLength: 1 }, else: false }, 'has a new or changed "if"'],
  ];
  test.each(narrowed)("narrowed: %s", (_, old, next, says) => {
    const found = narrowings(old, next);
    expect(found.length).toBeGreaterThan(0);
    expect(found.map(({ message }) => message.en).join("; ")).toContain(says);
    for (const { message } of found) expect(message.fr).not.toBe(message.en);
  });
});

test("alternatives inside alternatives end in an answer, not in a wait", () => {
  const nest = (depth: number, leaf: (name: string) => Schema, name = ""): Schema =>
    depth === 0 ? leaf(name) : { anyOf: Array.from({ length: 4 }, (_, at) => nest(depth - 1, leaf, `${name}${at}`)) };
  const start = performance.now();
  const found = narrowings(
    nest(5, (name) => ({ const: `a${name}` })),
    nest(5, (name) => ({ const: `b${name}` })),
  );
  expect(found.length).toBeGreaterThan(0);
  expect(performance.now() - start).toBeLessThan(5_000);
});
