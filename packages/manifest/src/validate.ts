/**
 * Data against an author's JSON Schema. Compiles code at run time (ajv), so it runs in the BFF and in the runtime agent, not
 * in a browser under a strict CSP. The schema and the patterns in it come from people we do not know: both are bounded.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { quoted, type Sentence } from "./diagnostic.ts";
import { canonicalJson, digestOf } from "./digest.ts";
import { checkSchema } from "./schema-check.ts";

export type ValidationIssue = { readonly pointer: string; readonly message: Sentence };

export const SCHEMA_BYTES_MAX = 256 * 1024;
export const ISSUES_MAX = 20;
/** Longest text that a pattern is tried on: a pattern may be quadratic, never on megabytes. */
const PATTERN_TEXT_MAX = 10_000;

/**
 * What is wrong with `value` under `schema` (JSON Schema 2020-12), at most {@link ISSUES_MAX} issues; empty when it is valid.
 * A schema that is itself not acceptable (see `checkSchema`) yields one issue at the root: nothing is valid under it.
 */
export function validateAgainst(schema: unknown, value: unknown): ValidationIssue[] {
  const validate = compiled(schema);
  if (validate === null) {
    return [{ pointer: "", message: { en: "The template's schema cannot be used.", fr: "Le schéma du modèle est inutilisable." } }];
  }
  try {
    if (validate(value)) return [];
  } catch {
    return [
      { pointer: "", message: { en: "This is nested too deeply to check.", fr: "L'imbrication est trop profonde pour être vérifiée." } },
    ];
  }
  return issuesOf(validate.errors ?? []);
}

/** A pattern that answers "no match" to texts too long to try it on, rather than holding up the process. */
function boundedRegExp(pattern: string, flags: string) {
  const expression = new RegExp(pattern, flags);
  return {
    test: (text: string): boolean => text.length <= PATTERN_TEXT_MAX && expression.test(text),
    // ajv shares one expression among all patterns that print alike.
    toString: () => String(expression),
  };
}
boundedRegExp.code = "boundedRegExp";

/** Compiled schemas by digest, the least recently used dropped first: one template's runs share one. */
const cache = new Map<string, ValidateFunction | null>();
const CACHE_MAX = 200;

function compiled(schema: unknown): ValidateFunction | null {
  let key: string;
  try {
    key = digestOf(schema);
  } catch {
    return null;
  }
  const known = cache.get(key);
  cache.delete(key);
  const validate = known === undefined ? compile(schema) : known;
  cache.set(key, validate);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHE_MAX) break;
    cache.delete(oldest);
  }
  return validate;
}

function compile(schema: unknown): ValidateFunction | null {
  if (canonicalJson(schema).length > SCHEMA_BYTES_MAX) return null;
  if (checkSchema(schema).some(({ severity }) => severity === "error")) return null;
  // An instance for each schema: what one author writes (anchors, references) is never seen by another's.
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true, logger: false, code: { regExp: boundedRegExp } });
  addFormats.default(ajv);
  try {
    return ajv.compile(schema as object | boolean);
  } catch {
    return null;
  }
}

function issuesOf(errors: readonly ErrorObject[]): ValidationIssue[] {
  return errors.slice(0, ISSUES_MAX).map((error) => ({ pointer: pointerOfError(error), message: sentenceOf(error) }));
}

/** A missing key is shown where it should be; a key too many, where it is. */
function pointerOfError({ instancePath, keyword, params }: ErrorObject): string {
  const key =
    keyword === "additionalProperties"
      ? params.additionalProperty
      : keyword === "unevaluatedProperties"
        ? params.unevaluatedProperty
        : undefined;
  return typeof key === "string" ? `${instancePath}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` : instancePath;
}

function sentenceOf({ keyword, params, instancePath, message }: ErrorObject): Sentence {
  const place = instancePath === "" ? { en: "The value", fr: "La valeur" } : { en: instancePath, fr: instancePath };
  const says = sentences[keyword]?.(params) ?? { en: message ?? "does not fit the schema", fr: "ne correspond pas au schéma" };
  return { en: `${place.en} ${says.en}.`, fr: `${place.fr} ${says.fr}.` };
}

type Params = Record<string, unknown>;

const sentences: Readonly<Record<string, (params: Params) => Sentence>> = {
  type: ({ type }) => ({ en: `must be ${listed(type)}`, fr: `doit être de type ${listed(type, "ou")}` }),
  required: ({ missingProperty }) => ({
    en: `must have the key ${quoted(missingProperty)}`,
    fr: `doit avoir la clé ${quoted(missingProperty)}`,
  }),
  additionalProperties: ({ additionalProperty }) => ({
    en: `must not have the key ${quoted(additionalProperty)}`,
    fr: `ne doit pas avoir la clé ${quoted(additionalProperty)}`,
  }),
  unevaluatedProperties: ({ unevaluatedProperty }) => ({
    en: `must not have the key ${quoted(unevaluatedProperty)}`,
    fr: `ne doit pas avoir la clé ${quoted(unevaluatedProperty)}`,
  }),
  enum: ({ allowedValues }) => ({
    en: `must be one of ${listed(allowedValues)}`,
    fr: `doit être l'une des valeurs ${listed(allowedValues, "ou")}`,
  }),
  const: ({ allowedValue }) => ({ en: `must be ${quoted(allowedValue)}`, fr: `doit être ${quoted(allowedValue)}` }),
  minLength: ({ limit }) => ({
    en: `must have at least ${String(limit)} characters`,
    fr: `doit compter au moins ${String(limit)} caractères`,
  }),
  maxLength: ({ limit }) => ({
    en: `must have at most ${String(limit)} characters`,
    fr: `doit compter au plus ${String(limit)} caractères`,
  }),
  minItems: ({ limit }) => ({ en: `must have at least ${String(limit)} items`, fr: `doit compter au moins ${String(limit)} éléments` }),
  maxItems: ({ limit }) => ({ en: `must have at most ${String(limit)} items`, fr: `doit compter au plus ${String(limit)} éléments` }),
  minProperties: ({ limit }) => ({ en: `must have at least ${String(limit)} keys`, fr: `doit compter au moins ${String(limit)} clés` }),
  maxProperties: ({ limit }) => ({ en: `must have at most ${String(limit)} keys`, fr: `doit compter au plus ${String(limit)} clés` }),
  uniqueItems: () => ({ en: "must not hold an item twice", fr: "ne doit pas contenir deux fois le même élément" }),
  minimum: ({ limit }) => ({ en: `must be at least ${String(limit)}`, fr: `doit être au moins ${String(limit)}` }),
  maximum: ({ limit }) => ({ en: `must be at most ${String(limit)}`, fr: `doit être au plus ${String(limit)}` }),
  exclusiveMinimum: ({ limit }) => ({ en: `must be above ${String(limit)}`, fr: `doit être supérieur à ${String(limit)}` }),
  exclusiveMaximum: ({ limit }) => ({ en: `must be below ${String(limit)}`, fr: `doit être inférieur à ${String(limit)}` }),
  multipleOf: ({ multipleOf }) => ({
    en: `must be a multiple of ${String(multipleOf)}`,
    fr: `doit être un multiple de ${String(multipleOf)}`,
  }),
  pattern: ({ pattern }) => ({ en: `must match the pattern ${quoted(pattern)}`, fr: `doit correspondre au motif ${quoted(pattern)}` }),
  format: ({ format }) => ({ en: `must be of the format ${quoted(format)}`, fr: `doit être au format ${quoted(format)}` }),
  oneOf: () => ({ en: "must fit exactly one of the alternatives", fr: "doit correspondre à exactement une des variantes" }),
  anyOf: () => ({ en: "must fit one of the alternatives", fr: "doit correspondre à l'une des variantes" }),
  not: () => ({ en: "must not be of this form", fr: "ne doit pas avoir cette forme" }),
  "false schema": () => ({ en: "must not be there", fr: "ne doit pas être là" }),
};

function listed(values: unknown, or = "or"): string {
  const items = Array.isArray(values)
    ? values.slice(0, 10).map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    : [String(values)];
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${or} ${items.at(-1)}`;
}
