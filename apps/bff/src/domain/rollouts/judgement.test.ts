import { expect, test } from "vitest";
import { judgeStep, type Targets } from "./judgement.ts";
import type { Plan } from "./plan.ts";

const plan = {
  alpha: 0.01,
  steps: [
    { weight: 10, minSamples: 50, deadlineMs: 60_000, onDeadline: "pause", gate: null },
    { weight: 100, minSamples: 0, deadlineMs: 60_000, onDeadline: "proceed", gate: null },
  ],
  metrics: [{ name: "failed", tolerance: 1, margin: 1.5, onBreach: "rollback" }],
} as unknown as Plan;
const targets: Targets = { failed: { limit: null, floor: 0.01 } };
const counted = (step: number, cohort: string, samples: number, bad: number) => [
  { step, cohort, metric: "samples", units: samples },
  { step, cohort, metric: "failed", units: bad },
];
const verdictOf = (step: number, hasBaseline: boolean, rows: ReturnType<typeof counted>) =>
  judgeStep(plan, step, hasBaseline, targets, rows).metrics[0]?.analysis?.verdict ?? null;

test("a canary that has everything is not compared, so a promise that its baseline broke as well does not take it back", () => {
  expect(verdictOf(1, true, counted(1, "canary", 2_000, 400))).toBeNull();
});

test("a first version is judged against its own promise at every weight", () => {
  expect(verdictOf(0, false, counted(0, "canary", 2_000, 400))).toBe("breached");
  expect(verdictOf(1, false, counted(1, "canary", 2_000, 400))).toBe("breached");
  expect(verdictOf(0, false, counted(0, "canary", 2_000, 0))).toBe("healthy");
});

test("counts of other steps say nothing of this one", () => {
  const rows = [...counted(1, "canary", 500, 400), ...counted(0, "canary", 100, 1), ...counted(0, "baseline", 900, 9)];
  expect(verdictOf(0, true, rows)).not.toBe("breached");
});

test("without a target there is no verdict, and that is not health", () => {
  expect(judgeStep(plan, 0, true, {}, counted(0, "canary", 500, 400)).metrics[0]?.analysis).toBeNull();
});
