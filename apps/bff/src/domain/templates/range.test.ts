import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRange } from "./range.ts";

const versions = ["0.0.3", "0.0.4", "0.2.3", "0.2.9", "0.3.0", "1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0", "2.0.0", "10.0.0"];

test.each([
  ["latest", versions],
  ["*", versions],
  ["1.2.3", ["1.2.3"]],
  ["=1.2.3", ["1.2.3"]],
  ["v1.2.3", ["1.2.3"]],
  ["1", ["1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0"]],
  ["1.x", ["1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0"]],
  ["1.2", ["1.2.0", "1.2.3", "1.2.4"]],
  ["1.2.*", ["1.2.0", "1.2.3", "1.2.4"]],
  ["1.x.3", ["1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0"]],
  ["^1.2.3", ["1.2.3", "1.2.4", "1.3.0"]],
  ["^1", ["1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0"]],
  ["^0.2.3", ["0.2.3", "0.2.9"]],
  ["^0.0.3", ["0.0.3"]],
  ["^0.0", ["0.0.3", "0.0.4"]],
  ["^0", ["0.0.3", "0.0.4", "0.2.3", "0.2.9", "0.3.0"]],
  ["~1.2.3", ["1.2.3", "1.2.4"]],
  ["~1", ["1.0.0", "1.2.0", "1.2.3", "1.2.4", "1.3.0"]],
  [">=1.3", ["1.3.0", "2.0.0", "10.0.0"]],
  [">= 2", ["2.0.0", "10.0.0"]],
] as const)("%s takes what npm takes", (text, taken) => {
  const range = parseRange(text);
  expect(versions.filter((semver) => range?.matches(semver))).toEqual(taken);
});

test.each(["", "^", "newest", "1.2.3.4", "1.2.3-beta", ">1", "<2", "1 || 2", ">=1 <2", "^-1", "1.2.3 ", "x".repeat(50)])(
  "%o is judged by its text alone",
  (text) => {
    // A space at the end is no reason to refuse.
    expect(parseRange(text) === null).toBe(text !== "1.2.3 ");
  },
);

test("a version lies in the ranges that name it, and in none that begins after it", () => {
  const part = fc.nat({ max: 50 });
  fc.assert(
    fc.property(part, part, part, (major, minor, patch) => {
      const semver = `${major}.${minor}.${patch}`;
      for (const text of [semver, `^${semver}`, `~${semver}`, `>=${semver}`, `${major}`, `${major}.${minor}`, "latest"])
        expect(parseRange(text)?.matches(semver), text).toBe(true);
      for (const text of [`>=${major}.${minor}.${patch + 1}`, `^${major + 1}`, `~${major}.${minor + 1}`, `${major + 1}.x`])
        expect(parseRange(text)?.matches(semver), text).toBe(false);
    }),
  );
});
