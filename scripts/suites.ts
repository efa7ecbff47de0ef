import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SuiteResult } from "./suite-reporter.ts";

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
  const total: SuiteResult = { passed: 0, failed: 0, skipped: [] };
  const reason = suite.skip?.() ?? null;
  if (reason !== null) total.skipped.push({ name: suite.name, reason });
  else {
    for (const check of suite.checks ?? []) {
      const code = await run(check, suite.env);
      if (code === 0) total.passed += 1;
      else total.failed += 1;
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
    if (!existsSync(file)) return { passed: 0, failed: 1, skipped: [] };
    const result: SuiteResult = JSON.parse(readFileSync(file, "utf8"));
    return code !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function add(total: SuiteResult, more: SuiteResult): void {
  total.passed += more.passed;
  total.failed += more.failed;
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

/** The seconds of each suite, every skipped test with its reason, and last, alone on its line, the sum. Returns the exit code. */
export function summarise(outcomes: readonly SuiteOutcome[]): number {
  const sum = (count: (one: SuiteOutcome) => number) => outcomes.reduce((total, one) => total + count(one), 0);
  const skipped = outcomes.flatMap((one) => one.skipped);
  console.log("");
  for (const { name, passed, failed, seconds } of outcomes) {
    console.log(
      `${failed > 0 ? "✗" : "✓"} ${name.padEnd(32)}${`${passed} passed`.padStart(12)}${failed > 0 ? `, ${failed} failed` : ""}  ${seconds.toFixed(1)} s`,
    );
  }
  for (const { name, reason } of skipped) console.log(`- skipped: ${name}: ${reason}`);
  const [passed, failed] = [sum((one) => one.passed), sum((one) => one.failed)];
  console.log(`\nall suites took ${sum((one) => one.seconds).toFixed(0)} s`);
  if (passed + failed === 0) console.log("nothing ran: that is a failure");
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}
