import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { parseManifest } from "./manifest.ts";
import { whole } from "./test-manifest.ts";

describe("a line of a manifest", () => {
  test("is inside what it is said to be, whatever the text", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z/~]{1,6}$/), value), fc.boolean(), (data, asJson) => {
        const source = asJson ? JSON.stringify(data, null, 2) : stringify(data);
        const { pointerAt, locate } = parseManifest(source);
        for (let line = 1; line <= source.split("\n").length; line += 1) {
          const pointer = pointerAt(line);
          if (pointer === "") continue;
          expect(locate(pointer, "key").line).toBeLessThanOrEqual(line);
          expect(locate(pointer).endLine).toBeGreaterThanOrEqual(line);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("whatever is typed", () => {
  const inside = (source: string) => {
    const { diagnostics, manifest, digest: named, locate, data } = parseManifest(source);
    const lines = source.split("\n").length;
    expect(diagnostics.length).toBeLessThanOrEqual(100);
    for (const { line, column, endLine, pointer, message } of diagnostics) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines + 1);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(endLine).toBeGreaterThanOrEqual(line);
      expect(pointer === "" || pointer.startsWith("/")).toBe(true);
      expect(message.en.length * message.fr.length).toBeGreaterThan(0);
    }
    expect((manifest === null) === (named === null)).toBe(true);
    expect(manifest === null).toBe(diagnostics.some(({ severity }) => severity === "error"));
    if (data === undefined) expect(diagnostics.length).toBeGreaterThan(0);
    locate("/spec/0/a~1b/~0");
  };
  const yamlish = fc.string({
    unit: fc.constantFrom(..."ab1:-?[]{}&*!|>'\"%@`#, \n\t\r\\.<~".split(""), "\uFEFF", "\u2028", "é", "💥", "---", "...", "<<"),
    maxLength: 200,
  });

  test("parsing never throws and always says why", () =>
    fc.assert(fc.property(fc.oneof(yamlish, fc.string({ unit: "binary" })), inside), { numRuns: 2_000 }));

  test("nor after any edit of a good manifest", () => {
    const edit = fc.tuple(fc.nat(whole.length), fc.nat(20), yamlish);
    fc.assert(
      fc.property(edit, ([at, length, text]) => inside(whole.slice(0, at) + text + whole.slice(at + length))),
      { numRuns: 500 },
    );
  });
});
