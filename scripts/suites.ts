import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { emptyResult, type SuiteResult } from "./suite-reporter.ts";

export type Suite = {
  readonly name: string;
  /** Commands that count as one check each: exit code 0 is a pass. */
  readonly checks?: readonly (readonly string[])[];
  /** A test runner that writes a SuiteResult to the file named by SUITE_RESULT. */
  readonly runner?: readonly string[];
  readonly env?: Record<string, string>;
  /** Why the whole suite is skipped; null when it runs. */
  readonly skip?: () => string | null;
};

export type SuiteOutcome = SuiteResult & { readonly name: string; readonly seconds: number };

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);

const vitest = (project: string, ...more: string[]) => [
  bin("vitest"),
  "run",
  "--project",
  project,
  "--reporter=default",
  "--reporter=./scripts/suite-reporter.ts",
  ...more,
];

export const staticSuites: readonly Suite[] = [
  { name: "format and lint", checks: [[bin("biome"), "ci", "--max-diagnostics=60", "--diagnostic-level=error", "."]] },
  {
    name: "types",
    checks: [
      // What did not change since the last check is not checked again.
      [bin("tsc"), "-p", "tsconfig.json", "--incremental", "--tsBuildInfoFile", ".cache/types/node.tsbuildinfo"],
      ...["packages/ui", "apps/console"]
        .filter((place) => existsSync(join(root, place, "tsconfig.json")))
        .map((place) => [
          bin("tsc"),
          "--noEmit",
          "-p",
          place,
          "--incremental",
          "--tsBuildInfoFile",
          `.cache/types/${place.replaceAll("/", "-")}.tsbuildinfo`,
        ]),
    ],
  },
  { name: "import rules and cycles", checks: [[process.execPath, "packages/tooling/src/check-arrows.ts"]] },
];

export const unitSuite: Suite = { name: "unit", runner: vitest("unit") };

export const allSuites: readonly Suite[] = [
  ...staticSuites,
  { name: "migrations lead to the schema", checks: [[process.execPath, "scripts/migration.ts", "--check"]] },
  { name: "policies are current", checks: [[process.execPath, "scripts/policies.ts", "--check"]] },
  unitSuite,
  { name: "long searches and simulations", runner: vitest("long") },
  { name: "database and redis", runner: vitest("db") },
  {
    name: "sandbox",
    runner: vitest("sandbox"),
    skip: () => (process.platform === "linux" ? null : "the sandbox needs Linux"),
  },
  { name: "end to end", runner: [process.execPath, "scripts/end-to-end.ts"] },
];

export const soakSuite: Suite = { name: "soak", runner: vitest("soak", "--passWithNoTests") };

/** Runs one suite, its output going to the terminal. A runner that leaves no result counts as one failure. */
export async function runSuite(suite: Suite): Promise<SuiteOutcome> {
  const started = performance.now();
  const total = emptyResult();
  const reason = suite.skip?.() ?? null;
  if (reason !== null) total.skipped.push({ name: suite.name, reason });
  else {
    for (const check of suite.checks ?? []) {
      const code = await run(check, suite.env);
      if (code === 0) total.passed += 1;
      else total.failed.push({ name: suite.name, reason: `${readable(check)} ended with ${code}` });
    }
    if (suite.runner) add(total, await runRunner(suite.runner, suite.env));
  }
  return { ...total, name: suite.name, seconds: (performance.now() - started) / 1000 };
}

async function runRunner(command: readonly string[], env?: Record<string, string>): Promise<SuiteResult> {
  const dir = mkdtempSync(join(tmpdir(), "suite-"));
  try {
    const file = join(dir, "result.json");
    const code = await run(command, { ...env, SUITE_RESULT: file });
    const ended = { name: readable(command), reason: `ended with ${code}` };
    if (!existsSync(file)) return { ...emptyResult(), failed: [{ ...ended, reason: `${ended.reason} and left no result` }] };
    const result: SuiteResult = JSON.parse(readFileSync(file, "utf8"));
    return code !== 0 && result.failed.length === 0 ? { ...result, failed: [ended] } : result;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A command as one would type it: its program by its name alone. */
const readable = ([program = "", ...args]: readonly string[]) => [basename(program), ...args].join(" ");

function add(total: SuiteResult, more: SuiteResult): void {
  total.passed += more.passed;
  total.failed.push(...more.failed);
  total.skipped.push(...more.skipped);
}

function run(command: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/**
 * The seconds of each suite, every skipped and every failed test with its reason, and last, alone on its line, the sum: whoever sees
 * only the end of the output knows what to look for. Returns the exit code.
 */
export function summarise(outcomes: readonly SuiteOutcome[]): number {
  const skipped = outcomes.flatMap((one) => one.skipped);
  const failed = outcomes.flatMap((one) => one.failed);
  const passed = outcomes.reduce((total, one) => total + one.passed, 0);
  const seconds = outcomes.reduce((total, one) => total + one.seconds, 0);
  console.log("");
  for (const one of outcomes) {
    const bad = one.failed.length;
    console.log(
      `${bad > 0 ? "✗" : "✓"} ${one.name.padEnd(32)}${`${one.passed} passed`.padStart(12)}${bad > 0 ? `, ${bad} failed` : ""}  ${one.seconds.toFixed(1)} s`,
    );
  }
  for (const { name, reason } of skipped) console.log(`- skipped: ${name}: ${reason}`);
  for (const { name, reason } of failed) console.log(`✗ failed: ${name}: ${reason}`);
  console.log(`\nall suites took ${seconds.toFixed(0)} s`);
  if (passed + failed.length === 0) console.log("nothing ran: that is a failure");
  console.log(`${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
  return failed.length > 0 || passed === 0 ? 1 : 0;
}
