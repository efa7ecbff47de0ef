import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { canonicalJson, digestOf, sha256Of } from "./digest.ts";
import { readDocument } from "./document.ts";

/** JSON data with keys and texts that YAML finds hard: quotes, colons, line ends, words that look like numbers. */
const hard = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom(
    "yes",
    "null",
    "1e3",
    "0x10",
    "- a",
    "a: b",
    "#",
    "a #b",
    "\u0085",
    "\u2028x",
    " ",
    "\t",
    "\n\n",
    "~",
    "<<",
    "1->2",
    "|",
    "é",
  ),
);
const data = fc.dictionary(
  hard.filter((key) => key !== "__proto__" && key.length <= 20),
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      hard,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        hard.filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  })).value,
  { maxKeys: 5, noNullPrototype: true },
);

test("YAML and JSON that mean the same have one digest, whatever the order of keys", () => {
  fc.assert(
    fc.property(data, (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      for (const text of [JSON.stringify(value), JSON.stringify(reversed, null, 2), stringify(reversed)]) {
        const { data: read, diagnostics } = readDocument(text);
        expect(diagnostics).toEqual([]);
        expect(digestOf(read)).toBe(digestOf(value));
      }
    }),
    { numRuns: 500 },
  );
});

test("what means something else has another digest", () => {
  fc.assert(fc.property(data, data, (a, b) => (digestOf(a) === digestOf(b)) === (canonicalJson(a) === canonicalJson(b))));
  for (const [a, b] of [
    [1, "1"],
    [null, "null"],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: 1, b: null }],
  ])
    expect(digestOf(a)).not.toBe(digestOf(b));
});

test("the digest is that of Node's SHA-256 over the canonical text", () => {
  fc.assert(fc.property(data, (value) => digestOf(value) === `sha256:${createHash("sha256").update(canonicalJson(value)).digest("hex")}`));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => sha256Of(bytes) === `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    ),
  );
});

test("the canonical text is that of RFC 8785, section 3.2.3", () => {
  const value = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, "\uD800", undefined])("what JSON cannot say has no digest", (value) => {
  expect(() => digestOf(value)).toThrow();
});
