import { nearest, quoted, type Sentence } from "./diagnostic.ts";
import { patternFault } from "./pattern.ts";

/** One fault of a JSON Schema: where (steps from its root), which, and in words. Warnings name keywords nobody will read. */
export type SchemaProblem = {
  readonly path: readonly PropertyKey[];
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: Sentence;
};

export const schemaTypes = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;
export const SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema";

type Check = (value: unknown, path: readonly PropertyKey[], walk: Walk) => undefined;
type Walk = { readonly root: unknown; readonly problems: SchemaProblem[]; schema(value: unknown, path: readonly PropertyKey[]): undefined };

/**
 * Whether `schema` is a JSON Schema of draft 2020-12 that we accept: the meta-schema's rules in words, plus bounds of ours.
 * References stay inside the document (`#…`), patterns are ones that can be matched in bounded time. `$dynamicRef`, `$id` and
 * other dialects are refused. Pure, no `eval`: the editor runs it on every keystroke.
 */
export function checkSchema(schema: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const walk: Walk = {
    root: schema,
    problems,
    schema(value, path) {
      if (typeof value === "boolean") return;
      if (!isRecord(value))
        return fault(
          walk,
          path,
          "schema.not-a-schema",
          "A JSON Schema is a group of keys, or true or false.",
          "Un schéma JSON est un groupe de clés, ou true ou false.",
        );
      for (const [key, inner] of Object.entries(value)) {
        const check = Object.hasOwn(keywords, key) ? keywords[key] : undefined;
        if (check) check(inner, [...path, key], walk);
        else if (!key.startsWith("x-")) unknownKeyword(key, [...path, key], walk);
      }
    },
  };
  walk.schema(schema, []);
  return problems;
}

/** The schema a local reference means, or undefined. `#`, `#/…` pointers and `#anchor` names. */
export function resolveReference(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return reference.startsWith("#") ? findAnchor(root, reference.slice(1)) : undefined;
  let steps: string[];
  try {
    steps = decodeURIComponent(reference.slice(2)).split("/");
  } catch {
    return undefined;
  }
  let at: unknown = root;
  for (const raw of steps) {
    const step = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = at[Number(step)];
    else if (isRecord(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

function findAnchor(node: unknown, anchor: string): unknown {
  if (Array.isArray(node)) {
    for (const item of node) {
      const found = findAnchor(item, anchor);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(node)) return undefined;
  if (node.$anchor === anchor) return node;
  for (const inner of Object.values(node)) {
    const found = findAnchor(inner, anchor);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unknownKeyword(key: string, path: readonly PropertyKey[], walk: Walk): undefined {
  if (key in refused)
    return fault(
      walk,
      path,
      "schema.keyword-refused",
      `${quoted(key)} is not supported in a manifest.`,
      `${quoted(key)} n'est pas admis dans un manifeste.`,
    );
  const meant = nearest(key, Object.keys(keywords));
  walk.problems.push({
    path,
    severity: "warning",
    code: "schema.unknown-keyword",
    message: {
      en: `JSON Schema knows no keyword ${quoted(key)}: it checks nothing.${meant ? ` Did you mean ${quoted(meant)}?` : ""}`,
      fr: `JSON Schema ne connaît pas le mot-clé ${quoted(key)} : il ne vérifie rien.${meant ? ` Vouliez-vous dire ${quoted(meant)} ?` : ""}`,
    },
  });
}

function fault(walk: Walk, path: readonly PropertyKey[], code: string, en: string, fr: string): undefined {
  walk.problems.push({ path, severity: "error", code, message: { en, fr } });
}

function takes(test: (value: unknown) => boolean, en: string, fr: string): Check {
  return (value, path, walk) => {
    if (!test(value))
      fault(
        walk,
        path,
        "schema.wrong-value",
        `${quoted(String(path.at(-1)))} takes ${en}.`,
        `${quoted(String(path.at(-1)))} attend ${fr}.`,
      );
  };
}

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 0;
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string") && new Set(value).size === value.length;
const anything: Check = () => undefined;
const number = takes((value) => typeof value === "number", "a number", "un nombre");
const count = takes(isCount, "a whole number, 0 or more", "un nombre entier positif ou nul");
const boolean = takes((value) => typeof value === "boolean", "true or false", "true ou false");
const text = takes((value) => typeof value === "string", "text", "un texte");
const texts = takes(isTexts, "a list of different texts", "une liste de textes différents");
const schema: Check = (value, path, walk) => walk.schema(value, path);
const schemas: Check = (value, path, walk) => {
  if (!Array.isArray(value) || value.length === 0)
    return fault(
      walk,
      path,
      "schema.wrong-value",
      `${quoted(String(path.at(-1)))} takes a list of schemas.`,
      `${quoted(String(path.at(-1)))} attend une liste de schémas.`,
    );
  for (const [at, inner] of value.entries()) walk.schema(inner, [...path, at]);
};
const schemasByName: Check = (value, path, walk) => {
  if (!isRecord(value))
    return fault(
      walk,
      path,
      "schema.wrong-value",
      `${quoted(String(path.at(-1)))} takes schemas by name.`,
      `${quoted(String(path.at(-1)))} attend des schémas par nom.`,
    );
  for (const [key, inner] of Object.entries(value)) walk.schema(inner, [...path, key]);
};
const pattern: Check = (value, path, walk) => {
  if (typeof value !== "string") return text(value, path, walk);
  const found = patternFault(value);
  if (found) fault(walk, path, "schema.pattern", found.en, found.fr);
};

const refused: Readonly<Record<string, true>> = {
  $dynamicRef: true,
  $dynamicAnchor: true,
  $vocabulary: true,
  $id: true,
  $recursiveRef: true,
};

const keywords: Readonly<Record<string, Check>> = {
  type(value, path, walk) {
    const types = typeof value === "string" ? [value] : value;
    if (!isTexts(types) || types.length === 0)
      return takes(() => false, "a type or a list of different types", "un type ou une liste de types différents")(value, path, walk);
    for (const type of types) {
      if ((schemaTypes as readonly string[]).includes(type)) continue;
      const meant = nearest(type, schemaTypes);
      fault(
        walk,
        path,
        "schema.unknown-type",
        `${quoted(type)} is no type; expected ${schemaTypes.join(", ")}.${meant ? ` Did you mean ${quoted(meant)}?` : ""}`,
        `${quoted(type)} n'est pas un type ; attendu : ${schemaTypes.join(", ")}.${meant ? ` Vouliez-vous dire ${quoted(meant)} ?` : ""}`,
      );
    }
  },
  $schema: takes((value) => value === SCHEMA_DIALECT, SCHEMA_DIALECT, SCHEMA_DIALECT),
  $ref(value, path, walk) {
    if (typeof value !== "string") return text(value, path, walk);
    if (!value.startsWith("#"))
      return fault(
        walk,
        path,
        "schema.remote-reference",
        "A reference must stay in this schema: #/$defs/name.",
        "Une référence doit rester dans ce schéma : #/$defs/nom.",
      );
    const target = resolveReference(walk.root, value);
    if (typeof target !== "boolean" && !isRecord(target))
      fault(walk, path, "schema.broken-reference", `Nothing stands at ${quoted(value)}.`, `Rien ne se trouve à ${quoted(value)}.`);
  },
  $anchor: takes((value) => typeof value === "string" && /^[A-Za-z_][-A-Za-z0-9._]*$/.test(value), "a name", "un nom"),
  $comment: text,
  $defs: schemasByName,
  definitions: schemasByName,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  not: schema,
  if: schema,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: schema,
  else: schema,
  properties: schemasByName,
  patternProperties(value, path, walk) {
    schemasByName(value, path, walk);
    if (isRecord(value)) for (const key of Object.keys(value)) pattern(key, [...path, key], walk);
  },
  additionalProperties: schema,
  propertyNames: schema,
  unevaluatedProperties: schema,
  unevaluatedItems: schema,
  dependentSchemas: schemasByName,
  dependentRequired: takes(
    (value) => isRecord(value) && Object.values(value).every(isTexts),
    "lists of keys by key",
    "des listes de clés par clé",
  ),
  required: texts,
  minProperties: count,
  maxProperties: count,
  items: schema,
  prefixItems: schemas,
  contains: schema,
  minContains: count,
  maxContains: count,
  minItems: count,
  maxItems: count,
  uniqueItems: boolean,
  minLength: count,
  maxLength: count,
  pattern,
  format: text,
  contentEncoding: text,
  contentMediaType: text,
  contentSchema: schema,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: takes((value) => typeof value === "number" && value > 0, "a number above 0", "un nombre supérieur à 0"),
  enum: takes(Array.isArray, "a list of values", "une liste de valeurs"),
  const: anything,
  title: text,
  description: text,
  default: anything,
  examples: takes(Array.isArray, "a list", "une liste"),
  deprecated: boolean,
  readOnly: boolean,
  writeOnly: boolean,
};

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
