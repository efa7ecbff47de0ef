import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { z } from "zod";
import { explainEnv, loadEnv } from "./env.ts";

test("a good environment comes back typed, with defaults, and an empty value counts as not set", () => {
  const schema = z.object({ PORT: z.coerce.number().default(4100), NAME: z.string() });
  expect(loadEnv(schema, { NAME: "x", PORT: "" })).toEqual({ NAME: "x", PORT: 4100 });
});

test("every problem is named at once, without the value", () => {
  const schema = z.object({ SECRET: z.string().min(20), URL: z.url(), MISSING: z.string() });
  const source = { SECRET: "hunter2", URL: "nowhere" };
  const parsed = schema.safeParse(source);
  const lines = explainEnv(parsed.error as z.ZodError, source);
  expect(lines).toHaveLength(3);
  expect(lines.join()).toContain("MISSING: is not set");
  expect(lines.join()).not.toContain("hunter2");
});

test("a program with a wrong environment ends with 78 before it did anything", () => {
  const program = `import { z } from "zod"; import { loadEnv } from "./env.ts"; loadEnv(z.object({ NEEDED: z.string() }), {}); console.log("went on");`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: import.meta.dirname, encoding: "utf8" });
  expect(ended.status).toBe(78);
  expect(ended.stderr).toContain("NEEDED: is not set");
  expect(ended.stdout).toBe("");
});
