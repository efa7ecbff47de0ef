/** The OpenAPI 3.1 document of the operations: the same schemas that check requests, as JSON Schema 2020-12. */
import { z } from "zod";
import { ACTIONS } from "../../domain/access/access.ts";
import { TOKEN_ROLES } from "../../domain/tokens/tokens.ts";
import type { Operation } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** RFC 9457, with our code. */
const PROBLEM: Json = {
  type: "object",
  required: ["title", "status", "code", "traceId"],
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string", description: "A sentence for people." },
    status: { type: "integer" },
    code: { type: "string", description: "Stable, `noun.reason`: decide by this." },
    traceId: { type: "string", description: "Name it when you ask for help." },
    details: { type: "object", description: "Where and what; for `request.invalid`: `issues` with JSON pointers." },
  },
};

const COMMON: Readonly<Record<string, string>> = {
  "401": "No token, or one that is unknown, expired or revoked.",
  "403": "The caller's roles do not allow it (`access.denied`).",
  "422": "The request is not of the expected shape (`request.invalid`), or its content is refused.",
  "429": "Too many requests: `Retry-After` says when.",
};

export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const of of operations) {
    paths[of.path] ??= {};
    Object.assign(paths[of.path] as object, { [of.method.toLowerCase()]: pathItem(of) });
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Agent Factory",
      version,
      description:
        "Templates, runs, channels, rollouts and usage of one tenant. Every request carries a bearer token; a token belongs to a tenant and has the roles it was given.",
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A service token (`aft_…`), made in the console under Tokens." },
      },
    },
  };
}

function pathItem(of: Operation): Json {
  const post = of.method === "POST";
  const failures = of.failures ?? [];
  return {
    operationId: of.id,
    tags: [tagOf(of)],
    summary: of.summary,
    description: `For tokens with the role ${rolesOf(of).join(" or ") || "of a person"}.${failures.length > 0 ? ` Refusals: ${failures.map((code) => `\`${code}\``).join(", ")}.` : ""}`,
    parameters: [
      ...parametersOf(of.params, "path"),
      ...parametersOf(of.query, "query"),
      ...(post
        ? [
            {
              name: "Idempotency-Key",
              in: "header",
              required: false,
              schema: { type: "string", minLength: 1, maxLength: 200 },
              description: "The same key within a day answers what the first request answered, and acts once.",
            },
          ]
        : []),
    ],
    ...(of.body && { requestBody: { required: true, content: { "application/json": { schema: schemaOf(of.body, "input") } } } }),
    responses: {
      [of.status ?? 200]: { description: "Done.", content: { "application/json": { schema: schemaOf(of.reply, "output") } } },
      ...Object.fromEntries(
        Object.entries(COMMON).map(([status, description]) => [
          status,
          { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
        ]),
      ),
    },
  };
}

/** The roles of tokens that may; people may what the console lets them. */
export function rolesOf({ action }: Pick<Operation, "action">): string[] {
  const roles: readonly string[] = ACTIONS[action];
  return TOKEN_ROLES.filter((role) => roles.includes(role));
}

export function tagOf({ id }: Pick<Operation, "id">): string {
  return id.split(".")[0] ?? id;
}

function parametersOf(shape: z.ZodObject | undefined, where: "path" | "query"): Json[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = schemaOf(shape, "input") as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema,
    ...(description !== undefined && { description }),
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}
