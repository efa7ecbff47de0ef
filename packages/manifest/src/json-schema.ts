import { z } from "zod";
import { hole, manifestSchema } from "./schema.ts";
import { schemaTypes } from "./schema-check.ts";

/**
 * The manifest's shape as JSON Schema (draft 7, which YAML editors speak best), with a `description` for every field,
 * `enum`s, `default`s and `defaultSnippets` for completion and hover. A guide for editors: {@link parseManifest} decides.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(manifestSchema, { target: "draft-7", io: "input" }) as Record<string, unknown>;
  const spec = (schema.properties as Record<string, { properties: Record<string, unknown> }>).spec;
  for (const key of ["input", "output"])
    if (spec) spec.properties[key] = { ...(spec.properties[key] as object), allOf: [{ $ref: "#/definitions/schema" }] };
  return {
    ...schema,
    title: "Agent template",
    defaultSnippets: [{ label: "agent template", description: "A small template that runs JavaScript", body: starter }],
    definitions: { ...(schema.definitions as object | undefined), schema: nestedSchema },
  };
}

const starter = {
  apiVersion: "agentfactory.dev/v1",
  kind: "AgentTemplate",
  metadata: { name: hole(1, "my-template"), title: hole(2, "My template"), owner: hole(3, "team-name") },
  spec: { driver: "node", code: { archive: `sha256:${hole(4)}`, entry: "default" }, input: { type: "object" }, output: { type: "object" } },
};

const inner = { $ref: "#/definitions/schema" };
const byName = { type: "object", additionalProperties: inner };

/** Enough of JSON Schema to complete and explain; every keyword of the draft stays allowed. */
const nestedSchema = {
  type: ["object", "boolean"],
  properties: {
    type: { description: "Which kind of value.", anyOf: [{ enum: schemaTypes }, { type: "array", items: { enum: schemaTypes } }] },
    description: { type: "string", description: "What the value means." },
    title: { type: "string" },
    properties: { ...byName, description: "The keys of an object, each with its schema." },
    required: { type: "array", items: { type: "string" }, description: "Keys that must be there." },
    additionalProperties: { ...inner, description: "What other keys may hold; false refuses them." },
    patternProperties: { ...byName, description: "Schemas for keys that match a pattern." },
    items: { ...inner, description: "What each item of a list is." },
    prefixItems: { type: "array", items: inner, description: "Schemas of the first items, in order." },
    minItems: { type: "integer", description: "Fewest items." },
    maxItems: { type: "integer", description: "Most items." },
    uniqueItems: { type: "boolean", description: "No item twice." },
    minLength: { type: "integer", description: "Shortest text." },
    maxLength: { type: "integer", description: "Longest text." },
    pattern: { type: "string", description: "A regular expression the text must match." },
    format: {
      type: "string",
      enum: ["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"],
      description: "A well-known form of text.",
    },
    minimum: { type: "number", description: "Smallest number." },
    maximum: { type: "number", description: "Largest number." },
    exclusiveMinimum: { type: "number", description: "The number must be larger." },
    exclusiveMaximum: { type: "number", description: "The number must be smaller." },
    multipleOf: { type: "number", description: "The number must be a multiple." },
    enum: { type: "array", description: "The values allowed." },
    const: { description: "The only value allowed." },
    default: { description: "Told to readers; not filled in." },
    allOf: { type: "array", items: inner, description: "All of these must hold." },
    anyOf: { type: "array", items: inner, description: "At least one of these must hold." },
    oneOf: { type: "array", items: inner, description: "Exactly one of these must hold." },
    not: { ...inner, description: "This must not hold." },
    $ref: { type: "string", description: "A schema elsewhere in this one: #/$defs/name." },
    $defs: { ...byName, description: "Schemas to refer to." },
  },
};
