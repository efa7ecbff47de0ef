import { parseManifest } from "@agent-factory/manifest";
import { describe, expect, test } from "vitest";
import { archiveOf } from "./archive-of.ts";
import { withArchive } from "./code-digest.ts";

const before = `sha256:${"a".repeat(64)}`;
const after = `sha256:${"b".repeat(64)}`;

describe("the digest of new code", () => {
  test.each([
    ["block", (digest: string) => `spec:\n  code:\n    archive: ${digest} # the code\n    entry: default\n`],
    ["flow", (digest: string) => `spec:\n  code: { archive: ${digest}, entry: default }\n`],
    ["quoted", (digest: string) => `spec:\n  code: { archive: "${digest}", entry: default }\n`],
  ])("takes the place of the old one, written in %s style, and nothing else changes", (_style, source) => {
    expect(withArchive(source(before), after)).toBe(source(after));
  });

  test("has no place in a manifest without code, or one that cannot be read", () => {
    expect(withArchive("spec:\n  driver: node\n", after)).toBeNull();
    expect(withArchive("spec: [", after)).toBeNull();
  });

  test("is read from a manifest that is not valid yet", () => {
    expect(archiveOf(parseManifest(`spec: { code: { archive: ${before} } }`).data)).toBe(before);
    expect(archiveOf(null)).toBeNull();
  });
});
