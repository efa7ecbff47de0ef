import { generateClient } from "./generate.ts";
import { ensureTool, tools } from "./machine.ts";
import { allSuites, runSuite, type SuiteOutcome, summarise } from "./suites.ts";
import { fail } from "./terminal.ts";

/** `npm test [-- NAME …]`: everything, or the suites whose names contain one of the words. Sets up what it needs first. */
async function test(words: readonly string[]): Promise<void> {
  const suites = allSuites.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  ensureTool(tools.redis, console.log);
  if (process.platform === "linux") ensureTool(tools.bubblewrap, console.log);
  generateClient();
  const outcomes: SuiteOutcome[] = [];
  for (const suite of suites) {
    console.log(`\n── ${suite.name}`);
    outcomes.push(await runSuite(suite));
  }
  process.exitCode = summarise(outcomes);
}

test(process.argv.slice(2)).catch(fail);
