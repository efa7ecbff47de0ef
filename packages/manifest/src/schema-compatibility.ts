/**
 * Whether one JSON Schema accepts everything another accepts: `old ⊆ new`, decided by rules on the text of the two schemas.
 *
 * The rules are sound and not complete: no reasons means that every document valid under `old` is valid under `next`
 * (property-tested against ajv); a reason may also mean "not shown by these rules", which counts as narrowed, because
 * unknown is not compatible. Deciding inclusion exactly is not feasible in general (Habib, Shinnar, Hirzel & Pradel,
 * *Finding Data Compatibility Bugs with JSON Subschema Checking*, ISSTA 2021).
 */
import type { Sentence } from "./diagnostic.ts";
import { quoted } from "./diagnostic.ts";
import { canonicalJson } from "./digest.ts";
import { isRecord, resolveReference } from "./schema-check.ts";

/** Where `next` may refuse what `old` accepted: steps into the schema, and in words. */
export type Narrowing = { readonly path: readonly PropertyKey[]; readonly message: Sentence };

type Schema = Record<string, unknown>;
type Path = readonly PropertyKey[];

const annotations = new Set([
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$schema", "$defs", "definitions"],
  ...["$anchor", "contentEncoding", "contentMediaType", "contentSchema"],
]);

/** Comparisons of sub-schemas before the rules give up: alternatives inside alternatives multiply. */
const STEPS_MAX = 20_000;

/** What may be refused by `next` that `old` accepted; empty when nothing is. Both must have passed `checkSchema`. */
export function narrowings(old: unknown, next: unknown): Narrowing[] {
  return new Inclusion(old, next).reasons(old, next, [], 0);
}

/** The schema without what only people read, so that two that check the same are equal. */
export function withoutAnnotations(schema: unknown, named = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withoutAnnotations(item));
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => named || !(readOnlyByPeople.has(key) || key.startsWith("x-")))
      .map(([key, value]) => [key, !named && verbatim.has(key) ? value : withoutAnnotations(value, !named && byName.has(key))]),
  );
}

const readOnlyByPeople = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
  "$schema",
]);
const byName = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);
const verbatim = new Set(["enum", "const", "required", "dependentRequired", "type"]);

class Inclusion {
  readonly #oldRoot: unknown;
  readonly #nextRoot: unknown;
  /** Pairs under way, with the depth in the document at which they were met. */
  readonly #open = new Map<string, number>();
  readonly #sameRoots: boolean;
  readonly #texts = new WeakMap<Schema, string>();
  readonly #parts = new WeakMap<Schema, unknown[]>();
  #steps = 0;

  constructor(oldRoot: unknown, nextRoot: unknown) {
    this.#oldRoot = oldRoot;
    this.#nextRoot = nextRoot;
    this.#sameRoots = this.#checked(oldRoot) === this.#checked(nextRoot);
  }

  /** What a schema checks, as text. */
  #checked(schema: unknown): string {
    const known = isRecord(schema) ? this.#texts.get(schema) : undefined;
    if (known !== undefined) return known;
    const text = canonicalJson(withoutAnnotations(schema));
    if (isRecord(schema)) this.#texts.set(schema, text);
    return text;
  }

  /**
   * `depth` counts the steps into the document. A pair met again deeper down holds by induction over the document, which is
   * finite; met again at the same depth it goes round in circles, and shows nothing.
   */
  reasons(old: unknown, next: unknown, path: Path, depth: number): Narrowing[] {
    this.#steps += 1;
    if (this.#steps > STEPS_MAX) return [because(path, "is too complex to compare", "est trop complexe pour être comparé")];
    if (next === true || old === false || (isRecord(next) && constraining(next).length === 0)) return [];
    if (next === false) return [because(path, "accepts nothing any more", "n'accepte plus rien")];
    if (!isRecord(next)) return [because(path, "cannot be read", "ne peut pas être lu")];
    const [before, after] = [this.#checked(old), this.#checked(next)];
    const key = `${before}\n${after}`;
    if (before === after && (!before.includes('"$ref"') || this.#sameRoots)) return [];
    const met = this.#open.get(key);
    if (met !== undefined) return depth > met ? [] : [because(path, "refers to itself", "se réfère à lui-même")];
    this.#open.set(key, depth);
    const oldParts = this.#conjuncts(old, this.#oldRoot, 0);
    const found = this.#conjuncts(next, this.#nextRoot, 0).flatMap((part) => this.#partReasons(old, oldParts, part, path, depth));
    this.#open.delete(key);
    return found;
  }

  /** A schema as a list of parts that must all hold, references and `allOf` opened, each `anyOf` a part of its own. */
  #conjuncts(schema: unknown, root: unknown, hops: number): unknown[] {
    if (!isRecord(schema)) return [schema];
    const known = this.#parts.get(schema);
    if (known) return known;
    const { $ref, allOf, anyOf, ...rest } = schema;
    const parts: unknown[] = [];
    if (constraining(rest).length > 0) parts.push(rest);
    if (typeof $ref === "string") {
      const target = resolveReference(root, $ref);
      // A reference that leads nowhere, or round and round, stays closed: equal only to itself.
      parts.push(...(target === undefined || hops > 32 ? [{ $ref }] : this.#conjuncts(target, root, hops + 1)));
    }
    if (Array.isArray(allOf))
      parts.push(...allOf.flatMap((part) => (hops > 32 ? [{ allOf: [part] }] : this.#conjuncts(part, root, hops + 1))));
    if (Array.isArray(anyOf)) parts.push({ anyOf });
    if (parts.length === 0) parts.push(true);
    if (hops === 0) this.#parts.set(schema, parts);
    return parts;
  }

  /** Why none of the old parts implies this new part: the shortest list of reasons. */
  #partReasons(old: unknown, oldParts: readonly unknown[], part: unknown, path: Path, depth: number): Narrowing[] {
    const attempts: (() => Narrowing[])[] = [];
    for (const oldPart of oldParts) {
      const branches = isRecord(oldPart) ? (oldPart.anyOf ?? oldPart.oneOf) : undefined;
      // The plain rules do not look at alternatives: a part made of them is weighed branch by branch, below.
      if (!isRecord(part) || part.anyOf === undefined) attempts.push(() => this.#plainReasons(oldPart, part, path, depth));
      if (Array.isArray(branches)) attempts.push(() => branches.flatMap((branch) => this.reasons(branch, part, path, depth)));
    }
    if (isRecord(part) && Array.isArray(part.anyOf))
      for (const branch of part.anyOf) attempts.push(() => this.reasons(old, branch, path, depth));
    let best: Narrowing[] | null = null;
    for (const attempt of attempts) {
      const found = attempt();
      if (found.length === 0) return [];
      if (best === null || found.length < best.length) best = found;
    }
    return best ?? [because(path, "is not shown to accept what it accepted", "pourrait refuser ce qu'il acceptait")];
  }

  /** Keyword by keyword; `old` is taken as if it had only its plain keywords, which can only make it larger. */
  #plainReasons(oldPart: unknown, next: unknown, path: Path, depth: number): Narrowing[] {
    if (next === true || oldPart === false) return [];
    if (!isRecord(next)) return [because(path, "accepts nothing any more", "n'accepte plus rien")];
    const old: Schema = isRecord(oldPart) ? oldPart : {};
    const found: Narrowing[] = [];
    const types = typesOf(old);
    for (const type of types) {
      if (!typesOf(next).some((accepted) => accepted === type || (accepted === "number" && type === "integer"))) {
        found.push(because(path, `no longer accepts ${type}`, `n'accepte plus ${type}`));
      }
    }
    found.push(...valueReasons(old, next, path));
    if (types.includes("number") || types.includes("integer")) found.push(...numberReasons(old, next, path, types));
    if (types.includes("string")) found.push(...textReasons(old, next, path));
    if (types.includes("array")) found.push(...this.#arrayReasons(old, next, path, depth));
    if (types.includes("object")) found.push(...this.#objectReasons(old, next, path, depth));
    // What is unevaluated depends on every neighbour; equal schemas never come here, so it is never shown.
    if (next.unevaluatedProperties !== undefined || next.unevaluatedItems !== undefined) {
      found.push(because(path, 'uses "unevaluated…", which cannot be compared', "utilise « unevaluated… », qui ne peut être comparé"));
    }
    for (const group of kept) {
      if (group.some((keyword) => next[keyword] !== undefined) && !group.every((keyword) => sameClosed(old[keyword], next[keyword]))) {
        found.push(because(path, `has a new or changed ${quoted(group[0] ?? "")}`, `a un ${quoted(group[0] ?? "")} nouveau ou modifié`));
      }
    }
    return found;
  }

  #arrayReasons(old: Schema, next: Schema, path: Path, depth: number): Narrowing[] {
    const found = atMost(old, next, path, [["minItems", "maxItems", "items", "éléments"]]);
    const most = numberOr(old.maxItems, Number.POSITIVE_INFINITY);
    if (next.uniqueItems === true && old.uniqueItems !== true && most > 1)
      found.push(because(path, "refuses repeated items", "refuse les éléments répétés"));
    const oldFirst = Array.isArray(old.prefixItems) ? old.prefixItems : [];
    const nextFirst = Array.isArray(next.prefixItems) ? next.prefixItems : [];
    const firstCount = Math.max(oldFirst.length, nextFirst.length);
    for (let at = 0; at < Math.min(firstCount, most); at++) {
      const itemPath = [...path, ...(at < nextFirst.length ? ["prefixItems", at] : ["items"])];
      const before = at < oldFirst.length ? oldFirst[at] : (old.items ?? true);
      const after = at < nextFirst.length ? nextFirst[at] : (next.items ?? true);
      found.push(...this.reasons(before, after, itemPath, depth + 1));
    }
    if (most > firstCount) found.push(...this.reasons(old.items ?? true, next.items ?? true, [...path, "items"], depth + 1));
    return found;
  }

  #objectReasons(old: Schema, next: Schema, path: Path, depth: number): Narrowing[] {
    const found: Narrowing[] = [];
    const oldRequired = textsOf(old.required);
    for (const key of textsOf(next.required)) {
      if (!oldRequired.includes(key))
        found.push(because([...path, "required"], `now requires ${quoted(key)}`, `exige désormais ${quoted(key)}`));
    }
    found.push(
      ...atMost({ ...old, minProperties: Math.max(numberOr(old.minProperties, 0), oldRequired.length) }, next, path, [
        ["minProperties", "maxProperties", "keys", "clés"],
      ]),
    );
    const oldProperties = isRecord(old.properties) ? old.properties : {};
    const nextProperties = isRecord(next.properties) ? next.properties : {};
    const names = [...new Set([...Object.keys(oldProperties), ...Object.keys(nextProperties)])];
    const patterned = old.patternProperties !== undefined || next.patternProperties !== undefined;
    if (
      patterned &&
      (!sameClosed(old.patternProperties ?? {}, next.patternProperties ?? {}) ||
        names.some((name) => !Object.hasOwn(oldProperties, name) || !Object.hasOwn(nextProperties, name)))
    ) {
      found.push(because([...path, "patternProperties"], "has other keys or key patterns", "a d'autres clés ou motifs de clés"));
    }
    const restOf = (schema: Schema): unknown => schema.additionalProperties ?? true;
    const schemaOf = (properties: Schema, schema: Schema, name: string): unknown =>
      Object.hasOwn(properties, name) ? properties[name] : restOf(schema);
    for (const name of names) {
      const before = schemaOf(oldProperties, old, name);
      const after = schemaOf(nextProperties, next, name);
      found.push(
        ...this.reasons(
          before,
          after,
          [...path, ...(Object.hasOwn(nextProperties, name) ? ["properties", name] : ["additionalProperties"])],
          depth + 1,
        ),
      );
    }
    found.push(...this.reasons(restOf(old), restOf(next), [...path, "additionalProperties"], depth + 1));
    return found;
  }
}

/** Keywords that must stand in the old schema word for word, because no rule here weighs them. Each group belongs together. */
const kept: readonly (readonly string[])[] = [
  ["not"],
  ["oneOf"],
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
  ["propertyNames"],
  ["dependentRequired"],
  ["dependentSchemas"],
  ["$ref"],
  ["allOf"],
];

function constraining(schema: Schema): string[] {
  return Object.keys(schema).filter((key) => !annotations.has(key) && !key.startsWith("x-"));
}

function because(path: Path, en: string, fr: string): Narrowing {
  return { path, message: { en, fr } };
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}

/** Equal, present or absent alike, and without references, which could mean other things on the two sides. */
function sameClosed(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return same(withoutAnnotations(a), withoutAnnotations(b)) && !canonicalJson(a).includes('"$ref"');
}

const allTypes = ["object", "array", "string", "number", "boolean", "null"];

function typesOf(schema: Schema): string[] {
  const written = typeof schema.type === "string" ? [schema.type] : Array.isArray(schema.type) ? schema.type.map(String) : allTypes;
  const values = valuesOf(schema);
  if (!values) return written;
  const ofValues = new Set(values.map(typeOfValue));
  return [...ofValues].filter((type) => written.includes(type) || (type === "integer" && written.includes("number")));
}

function typeOfValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function valuesOf(schema: Schema): unknown[] | null {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : null;
}

function valueReasons(old: Schema, next: Schema, path: Path): Narrowing[] {
  const found: Narrowing[] = [];
  const before = valuesOf(old);
  for (const accepted of [Object.hasOwn(next, "const") ? [next.const] : null, Array.isArray(next.enum) ? next.enum : null]) {
    if (accepted === null) continue;
    if (before === null) {
      found.push(because(path, "now accepts only listed values", "n'accepte plus que des valeurs énumérées"));
      continue;
    }
    const known = new Set(accepted.map(canonicalJson));
    for (const value of before.filter((item) => !known.has(canonicalJson(item))))
      found.push(because(path, `no longer accepts ${quoted(value)}`, `n'accepte plus ${quoted(value)}`));
  }
  return found;
}

function numberReasons(old: Schema, next: Schema, path: Path, types: readonly string[]): Narrowing[] {
  const found: Narrowing[] = [];
  const lower = (schema: Schema): [number, boolean] => {
    const at = numberOr(schema.minimum, Number.NEGATIVE_INFINITY);
    const above = numberOr(schema.exclusiveMinimum, Number.NEGATIVE_INFINITY);
    return above >= at ? [above, above !== Number.NEGATIVE_INFINITY] : [at, false];
  };
  const upper = (schema: Schema): [number, boolean] => {
    const at = numberOr(schema.maximum, Number.POSITIVE_INFINITY);
    const below = numberOr(schema.exclusiveMaximum, Number.POSITIVE_INFINITY);
    return below <= at ? [below, below !== Number.POSITIVE_INFINITY] : [at, false];
  };
  const [oldLow, oldLowOpen] = lower(old);
  const [low, lowOpen] = lower(next);
  if (low > oldLow || (low === oldLow && lowOpen && !oldLowOpen))
    found.push(
      because(
        path,
        `must now be ${lowOpen ? "above" : "at least"} ${low}`,
        `doit désormais être ${lowOpen ? "supérieur à" : "au moins"} ${low}`,
      ),
    );
  const [oldHigh, oldHighOpen] = upper(old);
  const [high, highOpen] = upper(next);
  if (high < oldHigh || (high === oldHigh && highOpen && !oldHighOpen))
    found.push(
      because(
        path,
        `must now be ${highOpen ? "below" : "at most"} ${high}`,
        `doit désormais être ${highOpen ? "inférieur à" : "au plus"} ${high}`,
      ),
    );
  const step = next.multipleOf;
  if (typeof step === "number" && step !== old.multipleOf) {
    const oldStep = typeof old.multipleOf === "number" ? old.multipleOf : types.includes("number") ? null : 1;
    const divides = oldStep !== null && Number.isSafeInteger(oldStep) && Number.isSafeInteger(step) && oldStep % step === 0;
    if (!divides) found.push(because(path, `must now be a multiple of ${step}`, `doit désormais être un multiple de ${step}`));
  }
  return found;
}

function textReasons(old: Schema, next: Schema, path: Path): Narrowing[] {
  const found = atMost(old, next, path, [["minLength", "maxLength", "characters", "caractères"]]);
  if (next.pattern !== undefined && next.pattern !== old.pattern)
    found.push(because(path, `must now match ${quoted(next.pattern)}`, `doit désormais correspondre à ${quoted(next.pattern)}`));
  if (next.format !== undefined && next.format !== old.format)
    found.push(because(path, `must now be of the format ${quoted(next.format)}`, `doit désormais être au format ${quoted(next.format)}`));
  return found;
}

function atMost(old: Schema, next: Schema, path: Path, bounds: readonly (readonly [string, string, string, string])[]): Narrowing[] {
  const found: Narrowing[] = [];
  for (const [least, most, en, fr] of bounds) {
    const low = numberOr(next[least], 0);
    const high = numberOr(next[most], Number.POSITIVE_INFINITY);
    if (low > numberOr(old[least], 0))
      found.push(because(path, `now needs at least ${low} ${en}`, `demande désormais au moins ${low} ${fr}`));
    if (high < numberOr(old[most], Number.POSITIVE_INFINITY))
      found.push(because(path, `now takes at most ${high} ${en}`, `n'accepte plus que ${high} ${fr} au plus`));
  }
  return found;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
