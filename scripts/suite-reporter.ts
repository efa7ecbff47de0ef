import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/** One test, or what stands for it, and why it did not pass. */
export type Finding = { readonly name: string; readonly reason: string };

/** What a suite hands to `npm test`: how many passed, and every failed and every skipped test with its reason. */
export type SuiteResult = { passed: number; readonly failed: Finding[]; readonly skipped: Finding[] };

const REASON_MAX = 300;

export const emptyResult = (): SuiteResult => ({ passed: 0, failed: [], skipped: [] });

/** What was thrown in one line, without colours: enough to know it by in a summary. */
export function inOneLine(error: { readonly message?: string } | undefined): string {
  const text = stripVTControlCharacters(error?.message ?? "");
  return text.replaceAll(/\s+/g, " ").trim().slice(0, REASON_MAX) || "no reason given";
}

/** Vitest reporter: writes a SuiteResult to the file named by SUITE_RESULT. A module that does not load counts as one failure. */
export default class SuiteReporter implements Reporter {
  readonly #result = emptyResult();

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    const name = `${test.module.relativeModuleId} > ${test.fullName}`;
    if (result.state === "passed") this.#result.passed += 1;
    else if (result.state === "failed") this.#result.failed.push({ name, reason: inOneLine(result.errors[0]) });
    else this.#result.skipped.push({ name, reason: ("note" in result && result.note) || "no reason given" });
  }

  onTestModuleEnd(module: TestModule): void {
    const [error] = module.errors();
    if (error) this.#result.failed.push({ name: module.relativeModuleId, reason: inOneLine(error) });
  }

  onTestRunEnd(_: readonly TestModule[], errors: readonly SerializedError[]): void {
    for (const error of errors) this.#result.failed.push({ name: "outside any test", reason: inOneLine(error) });
    const file = process.env.SUITE_RESULT;
    if (file) writeFileSync(file, JSON.stringify(this.#result));
  }
}
