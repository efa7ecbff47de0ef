import { writeFileSync } from "node:fs";
import type { Reporter, Suite, TestCase } from "@playwright/test/reporter";
import type { SuiteResult } from "./suite-reporter.ts";

/** Playwright reporter: the same hand-over as Vitest's. A flaky test, passed only on a retry, counts as failed. */
export default class PlaywrightSuiteReporter implements Reporter {
  #suite: Suite | undefined;
  #errors = 0;

  onBegin(_: unknown, suite: Suite): void {
    this.#suite = suite;
  }

  onError(): void {
    this.#errors += 1;
  }

  onEnd(): void {
    const result: SuiteResult = { passed: 0, failed: this.#errors, skipped: [] };
    for (const test of this.#suite?.allTests() ?? []) {
      if (test.outcome() === "expected") result.passed += 1;
      else if (test.outcome() === "skipped")
        result.skipped.push({ name: test.titlePath().filter(Boolean).join(" > "), reason: reasonOf(test) });
      else result.failed += 1;
    }
    const file = process.env.SUITE_RESULT;
    if (file) writeFileSync(file, JSON.stringify(result));
  }
}

function reasonOf(test: TestCase): string {
  const skipped = test.annotations.find(({ type }) => type === "skip" || type === "fixme");
  // Nobody skipped it: Playwright did not come to it.
  if (!skipped) return "it did not run, because another test failed before it or the run was stopped";
  return skipped.description ?? "no reason given";
}
