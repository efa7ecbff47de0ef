import { globSync } from "node:fs";
import { join } from "node:path";
import { generateClient } from "./generate.ts";
import { runSuite, soakSuite, summarise } from "./suites.ts";
import { fail } from "./terminal.ts";

/** `npm run soak`: the long tests (`*.soak.test.ts`). */
async function soak(): Promise<void> {
  const found = globSync("{apps,packages,e2e,bench}/**/*.soak.test.ts", {
    cwd: join(import.meta.dirname, ".."),
    exclude: (path) => path.includes("node_modules"),
  });
  if (found.length === 0) return console.log("There are no soak tests yet (*.soak.test.ts): nothing was run.");
  generateClient();
  process.exitCode = summarise([await runSuite(soakSuite)]);
}

soak().catch(fail);
