import { generateClient } from "./generate.ts";
import { runSuite, staticSuites, summarise, unitSuite } from "./suites.ts";
import { fail } from "./terminal.ts";

/** `npm run verify`: format, lint, types, import rules, cycles and the pure tests; under half a minute, before each commit. */
async function verify(): Promise<void> {
  generateClient();
  const outcomes = [];
  for (const suite of [...staticSuites, unitSuite]) outcomes.push(await runSuite(suite));
  process.exitCode = summarise(outcomes);
}

verify().catch(fail);
