import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeFailure, isKnownFailure } from "./failure-sentences.ts";
import { notAllowed } from "./roles.ts";

const bff = join(import.meta.dirname, "../../../bff/src");

/** Every `noun.reason` that the BFF can refuse people with, read from its source. What the gateway says is for hosts. */
function codesOfTheBff(): string[] {
  const files = readdirSync(bff, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes(".test.") && !file.includes("generated") && !file.startsWith("gateway"),
  );
  const codes = files.flatMap((file) => {
    const text = readFileSync(join(bff, file), "utf8");
    return [
      ...text.matchAll(/(?:new Failure\(\s*"(?:missing|conflict|forbidden|invalid|limit|unavailable)",\s*|refused\()"([a-z]+\.[a-z-]+)"/g),
    ].map((match) => match[1] ?? "");
  });
  return [...new Set(codes)].sort();
}

const codes = codesOfTheBff();

test("the BFF's refusals are found in its source", () => {
  expect(codes.length).toBeGreaterThan(20);
});

describe("every refusal of the BFF has a sentence and a way out in both languages", () => {
  test.each(codes)("%s", (code) => {
    expect(isKnownFailure(code)).toBe(true);
    const [en, fr] = (["en", "fr"] as const).map((locale) => describeFailure(locale, { code, message: "Raw message", details: {} }));
    for (const text of [en, fr]) {
      expect(text?.sentence).toMatch(/^[«“A-ZÉÀÇ].*\.$/u);
      expect(text?.wayOut).toMatch(/\.$/);
      expect(`${text?.sentence} ${text?.wayOut}`).not.toMatch(/undefined|NaN|\?\s*Mi|\s{2,}/);
    }
    expect(en?.sentence).not.toBe(fr?.sentence);
  });
});

test("a refusal that nobody knows yet is told in its own words", () => {
  expect(describeFailure("fr", { code: "moon.full", message: "The moon is full", details: {} })).toEqual({
    sentence: "The moon is full.",
    wayOut: "",
  });
});

test("what is not allowed names who can, and only people", () => {
  expect(notAllowed("en", ["operator", "admin", "system"])).toBe("Your role does not allow it. Operators and administrators can.");
  expect(notAllowed("fr", ["operator", "admin", "system"])).toBe(
    "Votre rôle ne le permet pas. Les opérateurs et les administrateurs le peuvent.",
  );
  expect(notAllowed("en", ["system"])).toBe("Nobody does this by hand.");
});
