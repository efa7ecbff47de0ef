/**
 * The agent template's manifest: reading it and saying what is wrong with it. Beside this door stand, each by its own name:
 * `digest` (RFC 8785 names), `json-schema` (for editors), `compare` (semantic diff), `units`, and `validate` (ajv; the only
 * file that compiles code at run time, so not for browsers under a strict CSP).
 */
import { z } from "zod";
import { crossFieldProblems } from "./cross-field.ts";
import {
  DIAGNOSTICS_MAX,
  type Diagnostic,
  nearest,
  type Problem,
  placeOf,
  pointerOf,
  quoted,
  type Range,
  type Sentence,
} from "./diagnostic.ts";
import { digestOf } from "./digest.ts";
import { readDocument } from "./document.ts";
import { expectations, type Manifest, manifestSchema } from "./schema.ts";

export type ParsedManifest = {
  /** The manifest as written; null when there is any error. */
  readonly manifest: Manifest | null;
  /** What the text says, valid or not; undefined when it cannot be read. */
  readonly data: unknown;
  /** The manifest's digest; null when there is any error, so that a digest always names something that may be tried or reviewed. */
  readonly digest: string | null;
  /** Errors first by place in the text; at most {@link DIAGNOSTICS_MAX}. Warnings do not make a manifest invalid. */
  readonly diagnostics: readonly Diagnostic[];
  /** Where a JSON pointer stands in the text; the nearest place that exists. */
  locate(pointer: string, part?: "key" | "value"): Range;
  /** The JSON pointer of what a line (from 1) says; see `document.ts`. */
  pointerAt(line: number): string;
};

/**
 * Reads a manifest (YAML or JSON) and says everything that is wrong with it, where, and what was expected, in English and
 * French. Never throws, whatever the text: bounds are those of `document.ts`. Browser-safe; no I/O, no `eval`.
 */
export function parseManifest(source: string): ParsedManifest {
  const document = readDocument(source);
  const { data, locate, pointerAt } = document;
  if (data === undefined) return { manifest: null, data, digest: null, diagnostics: document.diagnostics, locate, pointerAt };

  const parsed = manifestSchema.safeParse(data);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, data));
  problems.push(...crossFieldProblems(data));
  const diagnostics = problems
    .map(({ path, part, ...rest }) => ({ pointer: pointerOf(path), ...placeInText(path, part, rest.code, locate), ...rest }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, DIAGNOSTICS_MAX);
  const valid = parsed.success && !problems.some(({ severity }) => severity === "error");
  return { manifest: valid ? parsed.data : null, data, digest: valid ? digestOf(data) : null, diagnostics, locate, pointerAt };
}

/** What is missing is shown at the key that should hold it. */
function placeInText(path: readonly PropertyKey[], part: "key" | undefined, code: string, locate: ParsedManifest["locate"]): Range {
  if (code !== "manifest.missing") return locate(pointerOf(path), part);
  if (path.length < 2) return { line: 1, column: 1, endLine: 1, endColumn: 2 };
  return locate(pointerOf(path.slice(0, -1)), "key");
}

function problemsOf(issue: z.core.$ZodIssue, data: unknown): Problem[] {
  const place = issue.path.length === 0 ? "" : placeOf(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key));
  if (issue.code === "invalid_key") {
    const key = String(issue.path.at(-1));
    return [
      {
        path: issue.path,
        part: "key",
        severity: "error",
        code: "manifest.wrong-key",
        message: {
          en: `${quoted(key)} cannot be a key of ${placeOf(issue.path.slice(0, -1))}.`,
          fr: `${quoted(key)} ne peut pas être une clé de ${placeOf(issue.path.slice(0, -1))}.`,
        },
      },
    ];
  }
  const expected = expectationAt(issue.path);
  const { found, value } = valueAt(data, issue.path);
  if (!found) {
    return [
      {
        path: issue.path,
        severity: "error",
        code: "manifest.missing",
        message: { en: `${place} is missing; expected ${expected.en}.`, fr: `${place} manque ; attendu : ${expected.fr}.` },
      },
    ];
  }
  const meant = typeof value === "string" && issue.code === "invalid_value" ? nearest(value, issue.values.map(String)) : null;
  return [
    {
      path: issue.path,
      severity: "error",
      code: issue.code === "invalid_type" ? "manifest.wrong-type" : "manifest.wrong-value",
      message: {
        en: `${place || "The manifest"} is ${kindOf(value).en}; expected ${expected.en}.${meant ? ` Did you mean ${quoted(meant)}?` : ""}`,
        fr: `${place || "Le manifeste"} est ${kindOf(value).fr} ; attendu : ${expected.fr}.${meant ? ` Vouliez-vous dire ${quoted(meant)} ?` : ""}`,
      },
    },
  ];
}

function unknownKey(path: readonly PropertyKey[], key: string): Problem {
  const schema = schemaAt(path);
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const meant = nearest(key, known);
  const place = path.length === 0 ? null : placeOf(path);
  const where: Sentence = place
    ? { en: `${place} has no key`, fr: `${place} n'a pas de clé` }
    : { en: "A manifest has no key", fr: "Un manifeste n'a pas de clé" };
  return {
    path: [...path, key],
    part: "key",
    severity: "error",
    code: "manifest.unknown-key",
    message: {
      en: `${where.en} ${quoted(key)}${meant ? `. Did you mean ${quoted(meant)}?` : `; it takes ${known.join(", ")}.`}`,
      fr: `${where.fr} ${quoted(key)}${meant ? `. Vouliez-vous dire ${quoted(meant)} ?` : ` ; elle prend ${known.join(", ")}.`}`,
    },
  };
}

function kindOf(value: unknown): Sentence {
  if (value === null) return { en: "empty", fr: "vide" };
  if (Array.isArray(value)) return { en: "a list", fr: "une liste" };
  if (typeof value === "object") return { en: "a group of keys", fr: "un groupe de clés" };
  if (typeof value === "string")
    return value === "" ? { en: "empty text", fr: "un texte vide" } : { en: `the text ${quoted(value)}`, fr: `le texte ${quoted(value)}` };
  if (typeof value === "number") return { en: `the number ${value}`, fr: `le nombre ${value}` };
  return { en: String(value), fr: String(value) };
}

function valueAt(data: unknown, path: readonly PropertyKey[]): { found: boolean; value: unknown } {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return { found: false, value: undefined };
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return { found: true, value };
}

/** The words of the deepest described schema on the way to `path`. */
function expectationAt(path: readonly PropertyKey[]): Sentence {
  const schema = schemaAt(path);
  return (schema && expectations.get(schema)) ?? { en: "another value", fr: "une autre valeur" };
}

function schemaAt(path: readonly PropertyKey[]): z.ZodType | null {
  let schema: unknown = manifestSchema;
  for (const step of path) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, unknown>)[String(step)];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else return null;
  }
  if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  return schema instanceof z.ZodType ? schema : null;
}
