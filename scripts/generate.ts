import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, Problem } from "./terminal.ts";

const root = join(import.meta.dirname, "..");
const generated = join(root, "apps/bff/src/platform/generated");
const stamp = join(generated, ".made-from");

/**
 * Generates the Prisma client when the schema or the generator's version changed. Prisma's native engine is not on npm:
 * /bin/false in its place makes sure that nothing tries to use it.
 * Returns false when the client was current.
 */
export function generateClient(): boolean {
  const lock: { packages: Record<string, { version?: string }> } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const madeFrom = createHash("sha256")
    .update(readFileSync(join(root, "prisma/schema.prisma")))
    .update(lock.packages["node_modules/prisma"]?.version ?? "")
    .digest("hex");
  if (existsSync(join(generated, "client.ts")) && existsSync(stamp) && readFileSync(stamp, "utf8") === madeFrom) return false;
  const ended = spawnSync(join(root, "node_modules/.bin/prisma"), ["generate"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/false", PRISMA_HIDE_UPDATE_MESSAGE: "1", CHECKPOINT_DISABLE: "1" },
  });
  if (ended.status !== 0)
    throw new Problem(`The database client could not be generated from prisma/schema.prisma:\n${ended.stdout}${ended.stderr}`);
  writeFileSync(stamp, madeFrom);
  return true;
}

if (import.meta.main) {
  try {
    console.log(generateClient() ? "The database client was generated." : "The database client is current.");
  } catch (error) {
    fail(error);
  }
}
