import { writeFileSync } from "node:fs";
import type { Reporter, Suite, TestCase, TestError } from "@playwright/test/reporter";
import { emptyResult, type Finding, inOneLine } from "./suite-reporter.ts";

/** Playwright reporter: the same hand-over as Vitest's. A flaky test, passed only on a retry, counts as failed. */
export default class PlaywrightSuiteReporter implements Reporter {
  #suite: Suite | undefined;
  readonly #errors: Finding[] = [];

  onBegin(_: unknown, suite: Suite): void {
    this.#suite = suite;
  }

  onError(error: TestError): void {
    this.#errors.push({ name: "outside any test", reason: inOneLine(error) });
  }

  onEnd(): void {
    const result = emptyResult();
    result.failed.push(...this.#errors);
    for (const test of this.#suite?.allTests() ?? []) {
      const name = test.titlePath().filter(Boolean).join(" > ");
      if (test.outcome() === "expected") result.passed += 1;
      else if (test.outcome() === "skipped") result.skipped.push({ name, reason: skippedBecause(test) });
      else result.failed.push({ name, reason: inOneLine(test.results.find(({ error }) => error)?.error) });
    }
    const file = process.env.SUITE_RESULT;
    if (file) writeFileSync(file, JSON.stringify(result));
  }
}

function skippedBecause(test: TestCase): string {
  const skipped = test.annotations.find(({ type }) => type === "skip" || type === "fixme");
  // Nobody skipped it: Playwright did not come to it.
  if (!skipped) return "it did not run, because another test failed before it or the run was stopped";
  return skipped.description ?? "no reason given";
}
