import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import { manifestJsonSchema } from "./json-schema.ts";
import { parseManifest } from "./manifest.ts";
import { digest, whole } from "./test-manifest.ts";

/** The one diagnostic of a source that has exactly one. */
function only(source: string): Diagnostic {
  const { diagnostics, manifest, digest: named } = parseManifest(source);
  expect(diagnostics).toHaveLength(1);
  expect([manifest, named]).toEqual([null, null]);
  return diagnostics[0] as Diagnostic;
}

function change(from: string | RegExp, to: string): string {
  const changed = whole.replace(from, to);
  expect(changed).not.toBe(whole);
  return changed;
}

describe("a whole manifest", () => {
  test("is read without a word", () => {
    const { manifest, diagnostics, digest: named } = parseManifest(whole);
    expect(diagnostics).toEqual([]);
    expect(manifest?.spec.limits?.maxCost).toBe("0.05 EUR");
    expect(named).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("has one digest as YAML, as JSON, with other spacing, quotes, key order and comments", () => {
    const { manifest, digest: named } = parseManifest(whole);
    const reversed = Object.fromEntries(Object.entries(manifest ?? {}).reverse());
    for (const text of [
      JSON.stringify(manifest),
      JSON.stringify(reversed, null, 4),
      stringify(manifest),
      `# words\n${stringify(reversed)}`,
    ]) {
      expect(parseManifest(text).digest).toBe(named);
    }
  });

  test("changes its digest with any value", () => {
    expect(parseManifest(change("maxAttempts: 3", "maxAttempts: 4")).digest).not.toBe(parseManifest(whole).digest);
  });

  test("is located by JSON pointer, value and key", () => {
    const { locate } = parseManifest(whole);
    expect(locate("/metadata/name")).toEqual({ line: 4, column: 9, endLine: 4, endColumn: 23 });
    expect(locate("/metadata/name", "key")).toEqual({ line: 4, column: 3, endLine: 4, endColumn: 7 });
    expect(locate("/spec/tools/1/name")).toMatchObject({ line: 16, column: 15 });
    expect(locate("/metadata/name/nowhere/at/all")).toEqual(locate("/metadata/name"));
  });
});

describe("a line of a manifest", () => {
  const text = `# head
metadata:
  name: a

  # about the labels
  labels: { domain: b }
spec:
  prompt:
    system: |
      first
      second
    variables:
  tools:
    - name: c
      mcp: { server: d, allow: [e] }
    - { name: f }
  limits: { timeout: 30s, maxAttempts: 3 }
  "odd/key~": 1
  folded: >-
    one
    two
  list:
    - 1
    -
      - 2
`;
  test.each([
    [1, ""],
    [2, "/metadata"],
    [3, "/metadata/name"],
    [4, "/metadata"],
    [5, "/metadata"],
    [6, "/metadata/labels/domain"],
    [7, "/spec"],
    [8, "/spec/prompt"],
    [9, "/spec/prompt/system"],
    [10, "/spec/prompt/system"],
    [11, "/spec/prompt/system"],
    [12, "/spec/prompt/variables"],
    [13, "/spec/tools"],
    [14, "/spec/tools/0/name"],
    [15, "/spec/tools/0/mcp"],
    [16, "/spec/tools/1/name"],
    [17, "/spec/limits"],
    [18, "/spec/odd~1key~0"],
    [19, "/spec/folded"],
    [21, "/spec/folded"],
    [22, "/spec/list"],
    [23, "/spec/list/0"],
    [25, "/spec/list/1/0"],
    [26, ""],
    [0, ""],
    [-1, ""],
    [99, ""],
  ])("%i says %o", (line, pointer) => {
    expect(parseManifest(text).pointerAt(line)).toBe(pointer);
  });

  test("of a text that cannot be read is nowhere, and no line throws", () => {
    expect(parseManifest("").pointerAt(1)).toBe("");
    expect(parseManifest("- [\n&a *b: }{").pointerAt(2)).toEqual(expect.any(String));
  });
});

describe("text that is no data is refused at its place, in both languages", () => {
  const cases: [string, string, string, number, number][] = [
    ["not YAML", "name: [1, 2\nother: }", "yaml.missing-character", 2, 1],
    ["two keys on one line", "a: b: c", "yaml.nested-on-one-line", 1, 4],
    ["a tab as indentation", "a:\n\tb: 1", "yaml.tab", 2, 1],
    ["a key twice", "a: 1\nb: 2\na: 3", "yaml.duplicate-key", 3, 1],
    ["a key twice in JSON", '{"a": 1, "a": 2}', "yaml.duplicate-key", 1, 10],
    ["a key twice, written differently", "a: 1\n'a': 2", "yaml.duplicate-key", 2, 1],
    ["an anchor", "a: &x 1", "yaml.alias", 1, 7],
    ["a tag", "a: !!js/function 1", "yaml.tag", 1, 4],
    ["a tag the library knows", "a: !!binary aGk=", "yaml.tag", 1, 4],
    ["a directive", "%YAML 1.1\n---\na: yes", "yaml.directive", 1, 1],
    ["two documents", "a: 1\n---\nb: 2", "yaml.several-documents", 3, 1],
    ["a number as key", "1: a", "yaml.key-not-text", 1, 1],
    ["a prototype as key", '{"__proto__": 1}', "yaml.key-refused", 1, 2],
    ["infinity", "a: .inf", "yaml.not-a-number", 1, 4],
    ["half a character", 'a: "\\uD800"', "yaml.not-unicode", 1, 4],
    ["nothing", "", "yaml.empty", 1, 1],
    ["only a comment", "# nothing\n", "yaml.empty", 1, 1],
  ];
  test.each(cases)("%s", (_, source, code, line, column) => {
    const [first] = parseManifest(source).diagnostics;
    expect(first).toMatchObject({ code, line, column, severity: "error" });
    expect(first?.message.en).toMatch(/\.$/);
    expect(first?.message.fr).toMatch(/\.$/);
    expect(first?.message.fr).not.toBe(first?.message.en);
  });

  test("a word that YAML 1.1 took for yes stays text", () => {
    expect(parseManifest("a: yes\nb: 0o17\nc: 1_000").data).toEqual({ a: "yes", b: 15, c: "1_000" });
  });
});

describe("bombs are left before they are built", () => {
  const bounded = (source: string, code: string) => {
    const start = performance.now();
    expect(only(source)).toMatchObject({ code });
    expect(performance.now() - start).toBeLessThan(2_000);
  };
  test("2 MB", () => bounded(`a: ${"x".repeat(2_000_000)}`, "yaml.too-large"));
  test("1 MiB in bytes, not in characters", () => bounded(`a: ${"é".repeat(600_000)}`, "yaml.too-large"));
  test("an alias bomb", () => {
    const laughs = Array.from({ length: 30 }, (_, at) => `l${at + 1}: &l${at + 1} [${Array(10).fill(`*l${at}`).join(", ")}]`);
    const start = performance.now();
    const { diagnostics, data } = parseManifest(`l0: &l0 [lol]\n${laughs.join("\n")}`);
    expect(diagnostics[0]).toMatchObject({ code: "yaml.alias" });
    expect(diagnostics.length).toBeLessThanOrEqual(100);
    expect(data).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(2_000);
  });
  test("100 levels of lists", () => bounded("- ".repeat(100), "yaml.too-deep"));
  test("100 levels of maps, each on its line", () =>
    bounded(Array.from({ length: 100 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"), "yaml.too-deep"));
  test("a million brackets", () => bounded("[".repeat(1_000_000), "yaml.too-deep"));
  test("10,001 values", () => bounded(`a: [${"1,".repeat(10_001)}]`, "yaml.too-many-values"));
  test("a hundred thousand anchors", () => bounded("&a ".repeat(100_000), "yaml.too-many-values"));
  test("half a million comments", () => bounded("#\n".repeat(500_000), "yaml.too-many-values"));

  test("64 levels and 9,990 values are still data", () => {
    expect(parseManifest(`${"[".repeat(64)}${"]".repeat(64)}`).data).toBeDefined();
    expect(parseManifest(`a: [${"1,".repeat(9_990)}]`).data).toBeDefined();
  });
});

describe("a field that is wrong is named, placed and explained", () => {
  test("an unknown key, with what was meant", () => {
    expect(only(change("capabilities:", "capabilites:"))).toEqual({
      pointer: "/spec/capabilites",
      line: 20,
      column: 3,
      endLine: 20,
      endColumn: 14,
      severity: "error",
      code: "manifest.unknown-key",
      message: {
        en: 'spec has no key "capabilites". Did you mean "capabilities"?',
        fr: 'spec n\'a pas de clé "capabilites". Vouliez-vous dire "capabilities" ?',
      },
    });
  });

  test("an unknown key like nothing known, with what is known", () => {
    expect(only(change("warm: { min: 1", "warm: { quux: 2, min: 1")).message.en).toBe('spec.warm has no key "quux"; it takes min, max.');
  });

  test("a wrong type", () => {
    expect(only(change("timeout: 30s", "timeout: 30"))).toEqual({
      pointer: "/spec/limits/timeout",
      line: 22,
      column: 22,
      endLine: 22,
      endColumn: 24,
      severity: "error",
      code: "manifest.wrong-type",
      message: {
        en: "spec.limits.timeout is the number 30; expected a duration such as 500ms, 30s, 15m, 2h or 30d.",
        fr: "spec.limits.timeout est le nombre 30 ; attendu : une durée comme 500ms, 30s, 15m, 2h ou 30d.",
      },
    });
  });

  test("a wrong choice, with what was meant", () => {
    expect(only(change("isolation: shared", "isolation: sharde"))).toMatchObject({
      pointer: "/spec/resources/isolation",
      code: "manifest.wrong-value",
      message: { en: expect.stringContaining('Did you mean "shared"?') },
    });
  });

  test("a missing field, shown at the key that should hold it", () => {
    expect(only(change(/ {2}owner: team-finance\n/, ""))).toMatchObject({
      pointer: "/metadata/owner",
      line: 3,
      column: 1,
      code: "manifest.missing",
      message: { en: expect.stringContaining("metadata.owner is missing") },
    });
  });

  const cases: [string, string | RegExp, string, string, string][] = [
    ["a name that is no DNS label", "name: invoice-triage", "name: Invoice_Triage", "/metadata/name", "manifest.wrong-value"],
    ["a label key with spaces", "labels: { domain:", 'labels: { "a b":', "/metadata/labels/a b", "manifest.wrong-key"],
    ["a driver that nobody knows", "driver: node", "driver: nodejs", "/spec/driver", "manifest.wrong-value"],
    ["the driver node without code", /\n {2}code:.*\n/, "\n", "/spec/driver", "manifest.code-missing"],
    ["an archive that is no digest", `archive: ${digest}, entry`, "archive: latest, entry", "/spec/code/archive", "manifest.wrong-value"],
    ["an entry that climbs out", "entry: default", "entry: ../x.mjs#run", "/spec/code/entry", "manifest.wrong-value"],
    ["a currency that does not exist", "0.05 EUR", "0.05 XXQ", "/spec/limits/maxCost", "manifest.unknown-currency"],
    ["money without a currency", "0.05 EUR", "0.05", "/spec/limits/maxCost", "manifest.wrong-type"],
    ["a warm range turned round", "min: 1, max: 8", "min: 9, max: 8", "/spec/warm/min", "manifest.warm-range"],
    [
      "a tool that is both",
      "mcp: { server",
      `plugin: { archive: ${digest}, permissions: { network: [], filesystem: none } }, mcp: { server`,
      "/spec/tools/0",
      "manifest.tool-kind",
    ],
    ["two tools of one name", "name: convert", "name: fetch-invoice", "/spec/tools/1", "manifest.duplicate-name"],
    ["a migration that skips", '"1->2"', '"1->3"', "/spec/state/migrations/1->3", "manifest.migration-step"],
    ["a variable that is not named", "{{ locale }}", "{{ place }}", "/spec/prompt/system", "manifest.unknown-variable"],
    ["an input that is no JSON Schema", "input: { type: object }", "input: { type: objet }", "/spec/input/type", "schema.unknown-type"],
    [
      "a reference out of the schema",
      "output: { type: object }",
      "output: { $ref: 'other.json' }",
      "/spec/output/$ref",
      "schema.remote-reference",
    ],
    [
      "a reference to nothing",
      "output: { type: object }",
      "output: { $ref: '#/$defs/none' }",
      "/spec/output/$ref",
      "schema.broken-reference",
    ],
    [
      "a pattern that can take for ever",
      "input: { type: object }",
      'input: { pattern: "(a+)+$" }',
      "/spec/input/pattern",
      "schema.pattern",
    ],
    [
      "properties that are no schemas",
      "input: { type: object }",
      "input: { properties: { a: 1 } }",
      "/spec/input/properties/a",
      "schema.not-a-schema",
    ],
  ];
  test.each(cases)("%s", (_, from, to, pointer, code) => {
    const found = only(change(from, to));
    expect(found).toMatchObject({ pointer, code, severity: "error" });
    expect(found.message.en).not.toBe(found.message.fr);
  });

  test("a keyword that checks nothing is a warning, and the manifest stays valid", () => {
    const { manifest, diagnostics } = parseManifest(change("input: { type: object }", "input: { type: object, requierd: [a] }"));
    expect(manifest).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: "warning", code: "schema.unknown-keyword", message: { en: expect.stringContaining('Did you mean "required"?') } },
    ]);
  });

  test("a driver that no host runs yet is a warning", () => {
    expect(parseManifest(change("driver: node", "driver: llm")).diagnostics).toMatchObject([
      { severity: "warning", code: "manifest.driver-not-runnable", pointer: "/spec/driver" },
    ]);
  });

  test("every fault is told at once, in the order of the text", () => {
    const source = change("timeout: 30s", "timeout: soon")
      .replace("title: Invoice triage", "titel: Invoice triage")
      .replace("min: 1, max: 8", "min: 9, max: 8");
    const { diagnostics } = parseManifest(source);
    expect(diagnostics.map(({ pointer }) => pointer)).toEqual([
      "/metadata/title",
      "/metadata/titel",
      "/spec/limits/timeout",
      "/spec/warm/min",
    ]);
  });
});

test("the schema for editors describes every field and is refused by nothing that parses", () => {
  const undescribed: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties, items, description } = node as { properties?: Record<string, unknown>; items?: unknown; description?: unknown };
    if (path !== "" && typeof description !== "string") undescribed.push(path);
    for (const [key, inner] of Object.entries(properties ?? {})) visit(inner, `${path}/${key}`);
    if (items) visit(items, `${path}/0`);
  };
  const { definitions: _, ...schema } = manifestJsonSchema();
  visit(schema, "");
  expect(undescribed).toEqual([]);
});
