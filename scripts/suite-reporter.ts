import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** What a suite hands to `npm test`: counts, and every skipped test with its reason. */
export type SuiteResult = { passed: number; failed: number; skipped: { name: string; reason: string }[] };

/** Vitest reporter: writes a SuiteResult to the file named by SUITE_RESULT. A module that does not load counts as one failure. */
export default class SuiteReporter implements Reporter {
  readonly #result: SuiteResult = { passed: 0, failed: 0, skipped: [] };

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === "passed") this.#result.passed += 1;
    else if (result.state === "failed") this.#result.failed += 1;
    else this.#result.skipped.push({ name: test.fullName, reason: ("note" in result && result.note) || "no reason given" });
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#result.failed += 1;
  }

  onTestRunEnd(_: readonly TestModule[], errors: readonly unknown[]): void {
    this.#result.failed += errors.length;
    const file = process.env.SUITE_RESULT;
    if (file) writeFileSync(file, JSON.stringify(this.#result));
  }
}
