import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, compareManifests } from "./compare.ts";
import { digestOf } from "./digest.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest } from "./schema.ts";
import { narrowings } from "./schema-compatibility.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

const base = `
apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: a, title: A, owner: team-a }
spec:
  driver: node
  code: { archive: "${digest("a")}", entry: default }
  tools:
    - { name: fetch, mcp: { server: s, allow: [get, list] } }
    - { name: convert, plugin: { archive: "${digest("b")}", permissions: { network: [a.example], filesystem: none } } }
  input: { type: object, properties: { text: { type: string } }, additionalProperties: false }
  output: { type: object, properties: { words: { type: integer } }, required: [words], additionalProperties: false }
  state: { version: 1, schema: { type: object } }
  capabilities: [ocr]
  resources: { cpu: 500m, memory: 256Mi, isolation: dedicated }
  limits: { timeout: 60s, maxCost: 0.05 EUR }
  sandbox: { network: { egress: [a.example] }, filesystem: read-only }
  secrets: [{ name: KEY, from: "vault:a" }]
`;

function read(source: string): Manifest {
  const { manifest, diagnostics } = parseManifest(source);
  expect(diagnostics).toEqual([]);
  return manifest as Manifest;
}

function changed(from: string, to: string): { changes: Change[]; demands: string } {
  expect(base).toContain(from);
  return compareManifests(read(base), read(base.replace(from, to)));
}

describe("what a change means", () => {
  const cases: [string, string, string, string, string, string][] = [
    [
      "a key of the input now required",
      "{ text: { type: string } }, add",
      "{ text: { type: string } }, required: [text], add",
      "breaking",
      "/spec/input/required",
      "major",
    ],
    [
      "an input text bounded",
      "text: { type: string }",
      "text: { type: string, maxLength: 5 }",
      "breaking",
      "/spec/input/properties/text",
      "major",
    ],
    [
      "an input key added to a closed object",
      "text: { type: string }",
      "text: { type: string }, more: { type: string }",
      "behaviour",
      "/spec/input",
      "minor",
    ],
    [
      "an input described",
      "{ type: object, properties: { text",
      "{ description: words, type: object, properties: { text",
      "cosmetic",
      "/spec/input",
      "patch",
    ],
    [
      "an output that may be of another type",
      "words: { type: integer }",
      "words: { type: [integer, 'null'] }",
      "breaking",
      "/spec/output/properties/words",
      "major",
    ],
    ["an output key no longer promised", "required: [words], ", "", "breaking", "/spec/output/required", "major"],
    [
      "an output that promises more",
      "words: { type: integer }",
      "words: { type: integer, minimum: 0 }",
      "behaviour",
      "/spec/output",
      "minor",
    ],
    ["a capability dropped", "capabilities: [ocr]", "capabilities: []", "breaking", "/spec/capabilities", "major"],
    ["a capability added", "capabilities: [ocr]", "capabilities: [ocr, fr]", "behaviour", "/spec/capabilities", "minor"],
    [
      "a state that changes without migration",
      "state: { version: 1, schema: { type: object } }",
      "state: { version: 1, schema: { type: object, required: [a] } }",
      "breaking",
      "/spec/state/schema",
      "major",
    ],
    [
      "a state version without its migration",
      "state: { version: 1, schema",
      "state: { version: 2, schema",
      "breaking",
      "/spec/state/version",
      "major",
    ],
    [
      "a state version with its migration",
      "state: { version: 1, schema: { type: object } }",
      'state: { version: 2, schema: { type: array }, migrations: { "1->2": [] } }',
      "behaviour",
      "/spec/state/version",
      "minor",
    ],
    [
      "a host that may be reached",
      "egress: [a.example]",
      "egress: [a.example, b.example]",
      "permission",
      "/spec/sandbox/network/egress",
      "minor",
    ],
    ["a host no longer reached", "egress: [a.example]", "egress: []", "behaviour", "/spec/sandbox/network/egress", "minor"],
    ["a writable file system", "filesystem: read-only", "filesystem: read-write", "permission", "/spec/sandbox/filesystem", "minor"],
    ["a tool of a server allowed", "allow: [get, list]", "allow: [get, list, delete]", "permission", "/spec/tools/0/mcp/allow", "minor"],
    [
      "a plugin that reads files",
      "filesystem: none",
      "filesystem: read-only",
      "permission",
      "/spec/tools/1/plugin/permissions/filesystem",
      "minor",
    ],
    ["a plugin's code", digest("b"), digest("c"), "behaviour", "/spec/tools/1/plugin/archive", "minor"],
    ["a tool removed", "    - { name: fetch, mcp: { server: s, allow: [get, list] } }\n", "", "behaviour", "/spec/tools/0", "minor"],
    ["a secret read from elsewhere", '"vault:a"', '"vault:b"', "permission", "/spec/secrets/0", "minor"],
    ["the code", digest("a"), digest("d"), "behaviour", "/spec/code/archive", "minor"],
    ["more memory", "memory: 256Mi", "memory: 512Mi", "cost", "/spec/resources/memory", "minor"],
    ["less memory", "memory: 256Mi", "memory: 128Mi", "behaviour", "/spec/resources/memory", "minor"],
    ["the same memory in other words", "memory: 256Mi", "memory: 268435456", "cosmetic", "/spec/resources/memory", "patch"],
    ["the same time in other words", "timeout: 60s", "timeout: 1m", "cosmetic", "/spec/limits/timeout", "patch"],
    ["the same money in other words", "0.05 EUR", "0.050 EUR", "cosmetic", "/spec/limits/maxCost", "patch"],
    ["other money", "0.05 EUR", "0.05 USD", "cost", "/spec/limits/maxCost", "minor"],
    ["a sandbox shared with others", "isolation: dedicated", "isolation: shared", "permission", "/spec/resources/isolation", "minor"],
    ["a title", "title: A", "title: B", "cosmetic", "/metadata/title", "patch"],
    ["an empty group written out", "  limits:", "  slo: {}\n  limits:", "cosmetic", "/spec/slo", "patch"],
  ];
  test.each(cases)("%s", (_, from, to, kind, path, demands) => {
    const found = changed(from, to);
    expect(found.changes.map((change) => [change.class, change.path])).toEqual([[kind, path]]);
    expect(found.demands).toBe(demands);
    for (const { message } of found.changes) expect(message.en).not.toBe(message.fr);
  });

  test("a tool that was only moved is the same tool", () => {
    const [fetch, convert] = base.match(/ {4}- .*\n/g) as string[];
    expect(compareManifests(read(base), read(base.replace(`${fetch}${convert}`, `${convert}${fetch}`)))).toMatchObject({
      demands: "patch",
      changes: [{ class: "cosmetic" }],
    });
  });

  test("the gravest comes first, and it decides the bump", () => {
    const both = base.replace("title: A", "title: B").replace("capabilities: [ocr]", "capabilities: []").replace("256Mi", "512Mi");
    const { changes, demands } = compareManifests(read(base), read(both));
    expect([changes.map((change) => change.class), demands]).toEqual([["breaking", "cost", "cosmetic"], "major"]);
  });
});

/** Any two manifests made of a few interchangeable parts. */
const part = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const input = fc.constantFrom({ type: "object" }, { type: "object", required: ["a"] }, { type: "object", title: "t" }, { type: "array" });
const manifest = fc
  .record({
    title: fc.constantFrom("A", "B"),
    input,
    output: input,
    archive: fc.constantFrom(digest("a"), digest("b")),
    limits: part({ timeout: "60s" }, { timeout: "1m" }, { timeout: "2m", maxAttempts: 2 }, {}),
    capabilities: part(["a"], ["a", "b"], [], ["b", "a"]),
    sandbox: part({ network: { egress: ["a.example"] } }, { network: { egress: [] } }, { filesystem: "read-write" as const }, {}),
    secrets: part([{ name: "K", from: "vault:a" }], []),
    state: part({ version: 1, schema: {} }, { version: 2, schema: {}, migrations: { "1->2": [] } }),
  })
  .map(({ title, archive, ...rest }): Manifest => {
    const optional = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as typeof rest;
    return {
      apiVersion: "agentfactory.dev/v1",
      kind: "AgentTemplate",
      metadata: { name: "a", title, owner: "o" },
      spec: { driver: "node", code: { archive, entry: "default" }, ...optional },
    } as Manifest;
  });

test("no change is found exactly when the two have one digest", () => {
  fc.assert(fc.property(manifest, manifest, (a, b) => (compareManifests(a, b).demands === "none") === (digestOf(a) === digestOf(b))));
});

test("what is not called breaking accepts every old input and gives no output the old schema refuses", () => {
  fc.assert(
    fc.property(manifest, manifest, (a, b) => {
      if (compareManifests(a, b).demands === "major") return;
      expect(narrowings(a.spec.input, b.spec.input)).toEqual([]);
      expect(narrowings(b.spec.output, a.spec.output)).toEqual([]);
    }),
  );
});
