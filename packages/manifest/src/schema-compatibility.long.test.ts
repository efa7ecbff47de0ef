import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "./digest.ts";
import { checkSchema } from "./schema-check.ts";
import { narrowings, withoutAnnotations } from "./schema-compatibility.ts";

type Schema = boolean | { [keyword: string]: unknown };

const names = ["a", "b", "c"];
const scalar = fc.oneof(
  fc.constantFrom<unknown>("", "x", "xy", "xyz", "abc"),
  fc.integer({ min: -3, max: 6 }),
  fc.constantFrom(0.5, 1.5, 2.5),
  fc.boolean(),
  fc.constant(null),
);

/** Documents over the same few keys and values that the schemas speak of, so that both answers occur. */
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names, "d"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const small = fc.integer({ min: 0, max: 3 });
const typeName = fc.constantFrom("object", "array", "string", "number", "integer", "boolean", "null");

const schema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema; deep: Schema }>((tie) => {
  const inner = tie("schema");
  const some = fc.array(inner, { minLength: 1, maxLength: 2 });
  const properties = fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 2, noNullPrototype: true });
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      { arbitrary: fc.boolean(), weight: 1 },
      { arbitrary: fc.record({ type: typeName }), weight: 3 },
      { arbitrary: tie("deep"), weight: 6 },
    ),
    deep: fc
      .record(
        {
          type: fc.oneof(typeName, fc.uniqueArray(typeName, { minLength: 1, maxLength: 3 })),
          enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3, selector: canonicalJson }),
          const: scalar,
          minimum: fc.integer({ min: -2, max: 4 }),
          maximum: fc.integer({ min: -2, max: 4 }),
          exclusiveMinimum: fc.integer({ min: -2, max: 4 }),
          exclusiveMaximum: fc.integer({ min: -2, max: 4 }),
          multipleOf: fc.constantFrom(1, 2, 4, 0.5),
          minLength: small,
          maxLength: small,
          pattern: fc.constantFrom("^x", "y$"),
          items: inner,
          prefixItems: some,
          minItems: small,
          maxItems: small,
          uniqueItems: fc.boolean(),
          contains: inner,
          minContains: small,
          properties,
          required: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
          additionalProperties: inner,
          patternProperties: fc.dictionary(fc.constantFrom("^a", "[bc]"), inner, { maxKeys: 1, noNullPrototype: true }),
          propertyNames: fc.record({ maxLength: small }),
          minProperties: small,
          maxProperties: small,
          dependentRequired: fc.constantFrom({ a: ["b"] }, { b: ["a", "c"] }),
          unevaluatedProperties: fc.boolean(),
          allOf: some,
          anyOf: some,
          oneOf: some,
          not: inner,
          if: inner,
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: inner,
          $ref: fc.constantFrom("#/$defs/one", "#/$defs/two", "#"),
          title: fc.constantFrom("one", "two"),
        },
        { requiredKeys: [] },
      )
      .map((keywords) =>
        Object.fromEntries(Object.entries(keywords).filter((_, at, all) => all.length <= 4 || at % Math.ceil(all.length / 4) === 0)),
      ),
  };
}).schema;

const rooted = fc
  .tuple(schema, schema, schema)
  .map(([root, one, two]): Schema => (typeof root === "boolean" ? root : { ...root, $defs: { one, two } }));

/** A pair that is often compatible: the second is the first with one keyword dropped, loosened, tightened or replaced. */
const pair = fc.tuple(rooted, rooted, fc.nat(), fc.integer({ min: -1, max: 1 })).map(([old, other, pick, step]): [Schema, Schema] => {
  if (typeof old === "boolean" || typeof other === "boolean") return [old, other];
  const next: Record<string, unknown> = structuredClone(old);
  const keys = Object.keys(next).filter((key) => key !== "$defs");
  const key = keys[pick % Math.max(1, keys.length)] ?? "type";
  if (step === 0) delete next[key];
  else if (typeof next[key] === "number") next[key] = Math.max(0, (next[key] as number) + step);
  else if (pick % 3 === 0) Object.assign(next, other);
  else next[key] = other[key] ?? next[key];
  return [old, next];
});

/** Null when ajv itself refuses the schema (a reference in circles, say). */
function validator(value: Schema): ((data: unknown) => boolean) | null {
  try {
    const validate = new Ajv2020({ strict: false, logger: false }).compile(value);
    return (data) => {
      try {
        return validate(data) === true;
      } catch {
        return false;
      }
    };
  } catch {
    return null;
  }
}

describe("when nothing is said to be narrowed, every document valid under the old schema is valid under the new", () => {
  test.each([
    ["changed schemas", pair, 500],
    ["unrelated schemas", fc.tuple(rooted, rooted), 500],
  ])(
    "%s",
    (_, pairs, numRuns) => {
      let compatible = 0;
      fc.assert(
        fc.property(pairs, fc.array(document, { minLength: 12, maxLength: 12 }), ([old, next], documents) => {
          if (narrowings(old, next).length > 0) return;
          const [before, after] = [validator(old), validator(next)];
          if (!before || !after) return;
          compatible += 1;
          for (const value of documents)
            if (before(value))
              expect(after(value), `${canonicalJson(value)} under ${canonicalJson(old)} and ${canonicalJson(next)}`).toBe(true);
        }),
        { numRuns },
      );
      // A property that is never reached proves nothing.
      expect(compatible).toBeGreaterThan(20);
    },
    60_000,
  );
});

test("a schema narrows nothing against itself, nor against other words for it", () => {
  fc.assert(
    fc.property(rooted, (value) => {
      expect(narrowings(value, value)).toEqual([]);
      expect(narrowings(value, withoutAnnotations(value))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("the checker accepts what ajv accepts, for every generated schema", () => {
  const ajv = new Ajv2020({ strict: false, logger: false });
  fc.assert(
    fc.property(rooted, (value) => ajv.validateSchema(value) === !checkSchema(value).some(({ severity }) => severity === "error")),
    { numRuns: 1_000 },
  );
});
