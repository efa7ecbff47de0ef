import { expect, test } from "vitest";
import { judgedBy, type ReadHead, replacedSince } from "./read-head.ts";

const base = { semver: "1.0.0", digest: "sha256:b", content: "before" };
const read: ReadHead = { revision: 1, digest: "sha256:a", content: "words", base, policyRevision: "p" };

test.each<[string, Partial<ReadHead>, ReturnType<typeof replacedSince>]>([
  ["nothing", { revision: 2 }, null],
  ["other words", { content: "other", digest: "sha256:c" }, "content"],
  ["the same words beside another version", { base: { ...base, semver: "1.1.0", digest: "sha256:d" } }, "base"],
  ["the same words beside a first version", { base: null }, "base"],
  ["another policy", { policyRevision: "q" }, "policy"],
])("the reader is told of %s", (_, change, replaced) => {
  expect(replacedSince(read, { ...read, ...change })).toBe(replaced);
});

test("a decision names what was read, its base and the policy", () => {
  expect(judgedBy("r", read)).toEqual({ reviewId: "r", digest: "sha256:a", baseDigest: "sha256:b", policyRevision: "p" });
  expect(judgedBy("r", { ...read, digest: null, base: null })).toMatchObject({ digest: "", baseDigest: null });
});
