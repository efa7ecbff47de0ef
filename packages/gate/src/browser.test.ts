import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** What these two packages may need: the browser has all of it. */
const allowed = /^(\.\/|@agent-factory\/tlog\/|@noble\/hashes\/|canonicalize$|zod$)/;

test.each(["gate", "tlog"])("%s needs nothing that a browser does not have", (name) => {
  const dir = join(import.meta.dirname, "../..", name, "src");
  const files = readdirSync(dir).filter((file) => !file.includes("test"));
  expect(files.length).toBeGreaterThan(4);
  for (const file of files) {
    const source = readFileSync(join(dir, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const imports = [...source.matchAll(/from "([^"]+)"|import\("([^"]+)"\)/g)].map(([, from, dynamic]) => from ?? dynamic ?? "");
    expect([file, imports.filter((specifier) => !allowed.test(specifier))]).toEqual([file, []]);
    expect([file, source.match(/\b(Buffer|process|require|setImmediate)\b/g)]).toEqual([file, null]);
  }
});
