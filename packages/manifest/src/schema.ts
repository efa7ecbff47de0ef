import { z } from "zod";
import type { Sentence } from "./diagnostic.ts";
import { cpuPattern, durationPattern, memoryPattern, moneyPattern } from "./units.ts";

export const API_VERSION = "agentfactory.dev/v1";
export const KIND = "AgentTemplate";
export const drivers = ["node", "script", "llm", "langgraph", "a2a", "ray-serve", "modal"] as const;
/** Drivers that a host of this release can run. The others may be written, and say that they wait. */
export const runnableDrivers: ReadonlySet<string> = new Set(["node"]);

/** What a field takes, in words that follow "expected": shown when something else was written. */
export const expectations = z.registry<Sentence>();

/** A place to fill in an editor's snippet. */
export function hole(at: number, text = ""): string {
  return ["$", "{", String(at), text && `:${text}`, "}"].join("");
}

type Hover = { readonly snippets?: readonly unknown[]; readonly default?: unknown; readonly enumDescriptions?: readonly string[] };

/** Gives a field its words: `hover` for the editor (English), `en` and `fr` for what was expected. */
function field<T extends z.ZodType>(schema: T, en: string, fr: string, hover: string, extra: Hover = {}): T {
  const { snippets, ...rest } = extra;
  const described = schema.meta({ description: hover, ...rest, ...(snippets && { defaultSnippets: snippets }) }) as T;
  expectations.add(described, { en, fr });
  return described;
}

export const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
export const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const entryPattern =
  /^(default|(?![./])(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:mjs|js)#[A-Za-z_$][A-Za-z0-9_$]{0,63})$/;

const name = (hover: string) =>
  field(
    z.string().regex(namePattern),
    "a name of lower-case letters, digits and hyphens, at most 63",
    "un nom en lettres minuscules, chiffres et tirets, 63 au plus",
    hover,
  );
const text = (max: number, hover: string, snippets: Hover = {}) =>
  field(z.string().min(1).max(max), `text of 1 to ${max} characters`, `un texte de 1 à ${max} caractères`, hover, snippets);
const duration = (hover: string, extra: Hover = {}) =>
  field(
    z.string().regex(durationPattern),
    "a duration such as 500ms, 30s, 15m, 2h or 30d",
    "une durée comme 500ms, 30s, 15m, 2h ou 30d",
    hover,
    extra,
  );
const memory = (hover: string, extra: Hover = {}) =>
  field(
    z.union([z.string().regex(memoryPattern), z.int().min(0)]),
    "an amount of memory such as 256Mi, 2Gi or a number of bytes",
    "une quantité de mémoire comme 256Mi, 2Gi ou un nombre d'octets",
    hover,
    extra,
  );
const count = (min: number, max: number, hover: string, extra: Hover = {}) =>
  field(z.int().min(min).max(max), `a whole number from ${min} to ${max}`, `un nombre entier de ${min} à ${max}`, hover, extra);
const choice = <const T extends readonly [string, ...string[]]>(values: T, hover: string, extra: Hover = {}) =>
  field(z.enum(values), `one of ${values.join(", ")}`, `l'une des valeurs ${values.join(", ")}`, hover, extra);
const digest = (hover: string) =>
  field(
    z.string().regex(digestPattern),
    "a digest: sha256: and 64 hexadecimal digits",
    "une empreinte : sha256: suivi de 64 chiffres hexadécimaux",
    hover,
  );
const group = <T extends z.ZodType>(schema: T, hover: string, extra: Hover = {}) =>
  field(schema, "a group of keys", "un groupe de clés", hover, extra);
const list = <T extends z.ZodType>(item: T, max: number, hover: string) =>
  field(z.array(item).max(max), `a list of at most ${max} items`, `une liste d'au plus ${max} éléments`, hover);
const host = z
  .string()
  .regex(/^(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*)(:\d{1,5})?$/)
  .max(253);
const egress = (hover: string) =>
  list(
    field(
      host,
      "a host name such as api.example.com or api.example.com:443",
      "un nom d'hôte comme api.example.com ou api.example.com:443",
      "A host the template may reach.",
    ),
    256,
    hover,
  );
const jsonSchema = (hover: string) =>
  field(
    z.record(z.string(), z.unknown()),
    "a JSON Schema (draft 2020-12), such as { type: object }",
    "un schéma JSON (2020-12), par exemple { type: object }",
    hover,
    {
      snippets: [
        {
          label: "object with one text",
          body: {
            type: "object",
            required: [hole(1, "text")],
            properties: { [hole(1, "text")]: { type: "string" } },
            additionalProperties: false,
          },
        },
      ],
    },
  );

const metadata = z.strictObject({
  name: name("The template's name: a DNS label, unique in the tenant. It never changes."),
  title: text(120, "What people call the template."),
  description: field(
    z.string().max(2000),
    "text of at most 2000 characters",
    "un texte d'au plus 2000 caractères",
    "What the template does, in a sentence or two. Search reads it.",
  ).optional(),
  owner: name("The team that answers for the template, such as team-finance."),
  labels: field(
    z.record(z.string().regex(/^[a-z0-9]([a-z0-9./-]{0,61}[a-z0-9])?$/), z.string().max(63)),
    "names with text values, such as { domain: finance }",
    "des noms associés à des textes, comme { domain: finance }",
    "Free words to filter by, such as domain or data-class.",
  ).optional(),
});

const model = z.strictObject({
  provider: choice(["openai-compatible"], "How the model is spoken to."),
  endpoint: name("Which of the tenant's endpoints serves the model."),
  name: text(200, "The model's name at that endpoint."),
  temperature: field(z.number().min(0).max(2), "a number from 0 to 2", "un nombre de 0 à 2", "0 is steady, higher is freer.", {
    default: 0,
  }).optional(),
  maxOutputTokens: count(1, 1_000_000, "The longest answer, in tokens.").optional(),
});

const prompt = z.strictObject({
  system: field(z.string().max(200_000), "text", "un texte", "The system prompt. {{ name }} is replaced by the variable of that name."),
  variables: field(
    z.record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/),
      z.strictObject({
        type: choice(["string", "number", "integer", "boolean"], "What the variable takes."),
        default: field(
          z.union([z.string(), z.number(), z.boolean()]),
          "text, a number, true or false",
          "un texte, un nombre, true ou false",
          "Used when a run gives no value.",
        ).optional(),
        description: text(500, "What the variable is for.").optional(),
      }),
    ),
    "variables by name, such as { locale: { type: string, default: fr } }",
    "des variables par nom, comme { locale: { type: string, default: fr } }",
    "The prompt's variables.",
  ).optional(),
});

const code = z.strictObject({
  archive: digest("The code archive: the content digest of a tar.gz in the registry."),
  entry: field(
    z.string().max(200).regex(entryPattern),
    "default (the default export of index.mjs) or path/to.mjs#name",
    "default (l'export par défaut de index.mjs) ou chemin/vers.mjs#nom",
    "The function to call: `default` is the default export of index.mjs; path/to.mjs#name is that export.",
    { default: "default" },
  ),
});

const tool = z.strictObject({
  name: name("What the agent calls the tool."),
  description: text(500, "What the tool does.").optional(),
  mcp: group(
    z.strictObject({
      server: name("The MCP server, as the tenant registered it."),
      allow: list(text(200, "A tool of that server."), 128, "Which of the server's tools may be called."),
    }),
    "A tool of an MCP server.",
  ).optional(),
  plugin: group(
    z.strictObject({
      archive: digest("The plugin's code archive."),
      permissions: group(
        z.strictObject({
          network: egress("Hosts the plugin may reach. Empty: none."),
          filesystem: choice(["none", "read-only", "read-write"], "What the plugin may do with files."),
        }),
        "What the plugin may touch.",
      ),
    }),
    "A tool whose code comes with the template.",
  ).optional(),
});

const state = z.strictObject({
  version: count(1, 10_000, "Raise it when the state's shape changes, and add a migration."),
  schema: jsonSchema("JSON Schema of the agent's state."),
  migrations: field(
    z.record(z.string().regex(/^\d{1,5}->\d{1,5}$/), z.array(z.unknown()).max(500)),
    'migrations by step, such as { "1->2": [ … ] }',
    'des migrations par étape, comme { "1->2": [ … ] }',
    "How state of an older version becomes the next.",
  ).optional(),
});

const resources = z.strictObject({
  cpu: field(
    z.union([z.string().regex(cpuPattern), z.number().min(0).max(1024)]),
    "CPUs such as 500m, 2 or 0.5",
    "des processeurs comme 500m, 2 ou 0.5",
    "CPU time a run may use at once: 500m is half a CPU.",
    { default: "500m" },
  ).optional(),
  memory: memory("Memory a run may use.", { default: "256Mi" }).optional(),
  gpu: group(
    z.strictObject({ count: count(0, 64, "How many GPUs."), memory: memory("Memory on each GPU.").optional() }),
    "GPUs a run needs.",
  ).optional(),
  isolation: choice(["shared", "script", "dedicated"], "Who shares the sandbox.", {
    enumDescriptions: ["Agents of one tenant and version share a sandbox.", "A QuickJS engine each.", "A sandbox each."],
  }).optional(),
});

const limits = z.strictObject({
  timeout: duration("A run that takes longer is stopped.", { default: "30s" }).optional(),
  maxAttempts: count(1, 100, "How often a run that lost its host is tried.", { default: 3 }).optional(),
  maxTokens: count(1, 1_000_000_000, "Tokens one run may use.").optional(),
  maxCost: field(
    z.string().regex(moneyPattern),
    "an amount with its currency, such as 0.05 EUR",
    "un montant avec sa devise, comme 0.05 EUR",
    "What one run may cost, such as 0.05 EUR.",
  ).optional(),
  concurrency: count(1, 100_000, "Runs of this template at the same time.", { default: 20 }).optional(),
});

const sandbox = z.strictObject({
  network: group(z.strictObject({ egress: egress("Hosts the code may reach. Empty: none.") }), "What the sandbox may reach.").optional(),
  filesystem: choice(["read-only", "read-write"], "read-only: everything but /tmp.", { default: "read-only" }).optional(),
  syscalls: choice(["default", "unconfined"], "default: the allow-list of the platform.", { default: "default" }).optional(),
});

const slo = z.strictObject({
  availability: field(
    z.number().gt(0).lt(100),
    "a percentage above 0 and below 100",
    "un pourcentage entre 0 et 100 exclus",
    "Runs that should succeed, in percent.",
  ).optional(),
  latencyP95: duration("95 of 100 runs should be faster than this.").optional(),
  window: duration("Over what time the objective is judged.", { default: "30d" }).optional(),
});

const warm = z.strictObject({
  min: count(0, 10_000, "Sandboxes kept ready at least."),
  max: count(0, 10_000, "Sandboxes kept ready at most."),
});

const secret = z.strictObject({
  name: field(
    z.string().regex(/^[A-Z][A-Z0-9_]{0,62}$/),
    "a name such as INVOICE_KEY",
    "un nom comme INVOICE_KEY",
    "The name the code reads the secret by.",
  ),
  from: field(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}:[^\s#]{1,300}(#[^\s#]{1,100})?$/),
    "a source such as vault:kv/finance/invoices#key",
    "une source comme vault:kv/finance/invoices#key",
    "Where the secret is kept. Never the secret itself.",
  ),
});

const spec = z.strictObject({
  driver: choice(drivers, "What runs the template.", {
    enumDescriptions: [
      "JavaScript in a Node sandbox.",
      "JavaScript in QuickJS. No host runs it yet.",
      "A prompt and a model. No host runs it yet.",
      "A LangGraph service. No host runs it yet.",
      "An agent behind the A2A protocol. No host runs it yet.",
      "Ray Serve. No host runs it yet.",
      "Modal. No host runs it yet.",
    ],
  }),
  model: group(model, "The language model (driver llm).", {
    snippets: [
      { label: "model", body: { provider: "openai-compatible", endpoint: "default", name: hole(1, "gemma-3-270m"), temperature: 0 } },
    ],
  }).optional(),
  prompt: group(prompt, "What the model is told.").optional(),
  code: group(code, "The code to run (drivers node and script).", {
    snippets: [{ label: "code", body: { archive: `sha256:${hole(1)}`, entry: "default" } }],
  }).optional(),
  tools: list(group(tool, "One tool."), 64, "What the agent may call.").optional(),
  input: jsonSchema("JSON Schema 2020-12 of a run's input, checked when a run is submitted."),
  output: jsonSchema("JSON Schema 2020-12 of a run's output, checked when a run finishes."),
  state: group(state, "What an agent remembers between runs.").optional(),
  capabilities: list(name("A capability."), 64, "What the template needs of a host, such as ocr.").optional(),
  resources: group(resources, "What a run may use.", {
    snippets: [{ label: "resources", body: { cpu: "500m", memory: "256Mi" } }],
  }).optional(),
  limits: group(limits, "When a run is stopped.", { snippets: [{ label: "limits", body: { timeout: "30s", maxAttempts: 3 } }] }).optional(),
  sandbox: group(sandbox, "What the sandbox lets through. Nothing, unless written here.").optional(),
  slo: group(slo, "What the template promises.", {
    snippets: [{ label: "slo", body: { availability: 99.5, latencyP95: "2s", window: "30d" } }],
  }).optional(),
  warm: group(warm, "How many sandboxes are kept ready.").optional(),
  secrets: list(group(secret, "One secret."), 64, "Secrets the code may read.").optional(),
});

export const manifestSchema = group(
  z.strictObject({
    apiVersion: field(z.literal(API_VERSION), API_VERSION, API_VERSION, "The format of this document."),
    kind: field(z.literal(KIND), KIND, KIND, "What this document describes."),
    metadata: group(metadata, "Who and what the template is."),
    spec: group(spec, "What the template runs, takes, gives and may touch."),
  }),
  "An agent template.",
);

/** A manifest as written: no default filled in, no unit folded. */
export type Manifest = z.infer<typeof manifestSchema>;
export type Driver = (typeof drivers)[number];
