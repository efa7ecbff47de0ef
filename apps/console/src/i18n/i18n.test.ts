import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plural } from "./i18n.tsx";
import { chooseLocale, chooseTimeZone } from "./locale.ts";

const src = join(import.meta.dirname, "..");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("messages.ts"));

type Dictionaries = { en: Record<string, unknown>; fr: Record<string, unknown> };

async function dictionariesOf(file: string): Promise<Dictionaries[]> {
  const loaded = (await import(join(src, file))) as Record<string, unknown>;
  return Object.values(loaded).filter(
    (value): value is Dictionaries => typeof value === "object" && value !== null && "en" in value && "fr" in value,
  );
}

test("there are dictionaries to check", () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
});

test.each(files)("%s says everything in English and in French", async (file) => {
  const dictionaries = await dictionariesOf(file);
  expect(dictionaries.length).toBeGreaterThan(0);
  for (const { en, fr } of dictionaries) {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
    for (const [key, english] of Object.entries(en)) {
      const french = fr[key];
      expect(typeof french, key).toBe(typeof english);
      if (typeof english === "string") expect((french as string).trim(), key).not.toBe("");
      if (typeof english === "function") expect((french as (...values: never[]) => string).length, key).toBe(english.length);
    }
  }
});

/** Sentences of the same words in both languages: names and formulas only, never forgotten translations. */
test.each(files)("%s leaves no English sentence in French", async (file) => {
  for (const { en, fr } of await dictionariesOf(file)) {
    const same = Object.entries(en).filter(
      ([key, english]) => typeof english === "string" && english === fr[key] && english.trim().split(/\s+/).length > 2,
    );
    expect(same).toEqual([]);
  }
});

test("no component of the console writes a sentence past the dictionaries", () => {
  const components = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".tsx") && !file.endsWith(".test.tsx"),
  );
  const found = components.flatMap((file) => {
    // The last resort knows no language; it says both.
    if (file === join("app", "global-error.tsx")) return [];
    const text = readFileSync(join(src, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    const sentences = [...text.matchAll(/>\s*([A-Z][a-z]+(?: [a-zA-Z',]+){2,}[.!?]?)\s*</g)].map((match) => `${file}: ${match[1]}`);
    const attributes = [...text.matchAll(/(?:aria-label|title|placeholder|label)="([A-Z][a-z]+ [^"]+)"/g)].map(
      (match) => `${file}: ${match[1]}`,
    );
    return [...sentences, ...attributes];
  });
  expect(found).toEqual([]);
});

test("the language is the cookie's, else the browser's best, else English", () => {
  expect(chooseLocale("fr", "en")).toBe("fr");
  expect(chooseLocale("xx", "fr-CH, en;q=0.8")).toBe("fr");
  expect(chooseLocale(undefined, "de, en;q=0.5, fr;q=0.7")).toBe("fr");
  expect(chooseLocale(undefined, "fr;q=0, en")).toBe("en");
  expect(chooseLocale(undefined, null)).toBe("en");
});

test("a time zone that nobody knows is UTC", () => {
  expect(chooseTimeZone("Europe/Paris")).toBe("Europe/Paris");
  expect(chooseTimeZone("Mars/Olympus")).toBe("UTC");
  expect(chooseTimeZone(undefined)).toBe("UTC");
});

test("plurals follow the language: nought is singular in French only", () => {
  const forms = { one: "one", other: "other" };
  expect([0, 1, 2].map((count) => plural("en", count, forms))).toEqual(["other", "one", "other"]);
  expect([0, 1, 2].map((count) => plural("fr", count, forms))).toEqual(["one", "one", "other"]);
});
