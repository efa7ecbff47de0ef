import fc from "fast-check";
import { expect, test } from "vitest";
import { readPlan } from "./plan.ts";
import { comparePlans } from "./plan-changes.ts";

const PLAN = `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Standard }
spec:
  alpha: 0.01
  steps:
    - { weight: 10, minSamples: 50, deadline: 30m, onDeadline: proceed }
    - { weight: 50, minSamples: 200, deadline: 2h, onDeadline: pause, gate: { title: The operator agrees } }
    - { weight: 100, deadline: 1h, onDeadline: proceed }
  metrics:
    - { name: failed, tolerance: 1, margin: 1.5, onBreach: rollback }
    - { name: slow, tolerance: 1, margin: 1.5, onBreach: pause }
`;

function read(source: string) {
  const { plan, digest, issues } = readPlan(source);
  if (!plan) throw new Error(JSON.stringify(issues));
  return { plan, digest };
}

const edited = (...edits: readonly (readonly [string, string])[]) =>
  edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`there is no ${from}`);
    return text.replace(from, to);
  }, PLAN);
const told = (before: string, after: string) =>
  comparePlans(read(before), read(after)).map(({ class: kind, path, code, message }) => [kind, path, code, message.en]);

/** Without the sentences. */
const found = (before: string, after: string) => told(before, after).map((change) => change.slice(0, 3));

/** Read forwards it is looser, read backwards stricter. */
test.each([
  ["fewer samples", ["minSamples: 50", "minSamples: 20"], "/spec/steps/0/minSamples", "steps.minSamples"],
  ["a larger share", ["weight: 10,", "weight: 20,"], "/spec/steps/0/weight", "steps.weight"],
  ["less time before it goes on", ["deadline: 30m", "deadline: 5m"], "/spec/steps/0/deadline", "steps.deadline"],
  ["going on at the deadline", ["onDeadline: pause", "onDeadline: proceed"], "/spec/steps/1/onDeadline", "steps.onDeadline"],
  ["a larger tolerance", ["tolerance: 1,", "tolerance: 1.2,"], "/spec/metrics/0/tolerance", "metrics.tolerance"],
  ["a larger margin", ["margin: 1.5", "margin: 3"], "/spec/metrics/0/margin", "metrics.margin"],
  ["notify for rollback", ["onBreach: rollback", "onBreach: notify"], "/spec/metrics/0/onBreach", "metrics.onBreach"],
  ["notify for pause", ["onBreach: pause", "onBreach: notify"], "/spec/metrics/1/onBreach", "metrics.onBreach"],
] as const)("%s is a permission; taken back it is behaviour", (_, edit, path, code) => {
  const looser = edited(edit);
  expect(told(PLAN, looser)).toEqual([["permission", path, code, expect.any(String)]]);
  expect(told(looser, PLAN)).toEqual([["behaviour", path, code, expect.any(String)]]);
});

test("a gate, a step and a metric that go are permissions, and behaviour when they come", () => {
  const withoutGate = edited([", gate: { title: The operator agrees }", ""]);
  const withoutStep = edited([PLAN.split("\n").find((line) => line.includes("weight: 50")) ?? "", ""]);
  const withoutMetric = edited(["    - { name: slow, tolerance: 1, margin: 1.5, onBreach: pause }\n", ""]);
  expect([withoutGate, withoutStep, withoutMetric].map((after) => told(PLAN, after))).toEqual([
    [["permission", "/spec/steps/1/gate", "steps.gate-removed", expect.stringContaining('"The operator agrees" was removed')]],
    [["permission", "/spec/steps", "steps.removed", "spec.steps no longer stop at 50 %."]],
    [["permission", "/spec/metrics", "metrics.removed", 'spec.metrics no longer watch "slow".']],
  ]);
  expect([withoutGate, withoutStep, withoutMetric].map((before) => told(before, PLAN))).toEqual([
    [["behaviour", "/spec/steps/1/gate", "steps.gate-added", expect.stringContaining('"The operator agrees" was added')]],
    [["behaviour", "/spec/steps/1", "steps.added", "spec.steps.1 is a new step, at 50 %."]],
    [["behaviour", "/spec/metrics/1", "metrics.added", 'spec.metrics.1 watches "slow" as well.']],
  ]);
});

test("how sure verdicts must be is given up either way; what only says when somebody looks is behaviour either way", () => {
  for (const [from, to] of [
    ["0.01", "0.001"],
    ["0.01", "0.05"],
  ] as const)
    expect(found(PLAN, edited([`alpha: ${from}`, `alpha: ${to}`]))).toEqual([["permission", "/spec/alpha", "plan.alpha"]]);
  for (const to of ["1h", "4h"])
    expect(found(PLAN, edited(["deadline: 2h", `deadline: ${to}`]))).toEqual([["behaviour", "/spec/steps/1/deadline", "steps.deadline"]]);
});

test("a step keeps its name, its weight, when others come before it", () => {
  const first = PLAN.replace("    - { weight: 10,", "    - { weight: 5, minSamples: 50, deadline: 30m }\n    - { weight: 10,");
  expect(found(PLAN, first)).toEqual([["behaviour", "/spec/steps/0", "steps.added"]]);
  expect(told(first, edited(["minSamples: 200", "minSamples: 100"]))).toEqual([
    ["permission", "/spec/steps/1/minSamples", "steps.minSamples", expect.stringContaining("of the step at 50 % changed from 200 to 100")],
    ["permission", "/spec/steps", "steps.removed", "spec.steps no longer stop at 5 %."],
  ]);
});

test("titles and writing are cosmetic, the gravest comes first, and every sentence is in both languages", () => {
  expect(told(PLAN, edited(["title: Standard", "title: Usual"], ["title: The operator agrees", "title: Otto agrees"]))).toEqual([
    ["cosmetic", "/metadata/title", "plan.title", 'metadata.title changed from "Standard" to "Usual".'],
    ["cosmetic", "/spec/steps/1/gate/title", "steps.gate-title", expect.any(String)],
  ]);
  // The default, written out.
  const spelled = edited(["weight: 100,", "weight: 100, minSamples: 0,"]);
  expect(found(PLAN, spelled)).toEqual([["cosmetic", "/spec", "plan.rewritten"]]);
  expect(told(PLAN, `# the same\n${PLAN}`)).toEqual([]);
  const many = comparePlans(
    read(PLAN),
    read(edited(["title: Standard", "title: Usual"], ["minSamples: 50", "minSamples: 70"], ["margin: 1.5", "margin: 2"])),
  );
  expect(many.map(({ class: kind }) => kind)).toEqual(["permission", "behaviour", "cosmetic"]);
  expect(many[0]?.message).toEqual({
    en: 'spec.metrics.0.margin of "failed" changed from 1.5 to 2.',
    fr: 'spec.metrics.0.margin de "failed" est passé de 1.5 à 2.',
  });
});

test("of any two plans there is no change exactly when they have one digest, and what is told of a deadline is what was written", () => {
  const steps = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 5 })
    .map((weights) => [...weights.toSorted((a, b) => a - b), 100]);
  const source = fc
    .record({ steps, samples: fc.constantFrom(10, 20), deadline: fc.constantFrom("90s", "2m"), margin: fc.constantFrom(1.5, 2) })
    .map(({ steps: weights, samples, deadline, margin }) =>
      JSON.stringify({
        apiVersion: "agentfactory.dev/v1",
        kind: "RolloutPlan",
        metadata: { name: "p", title: "P" },
        spec: {
          steps: weights.map((weight) => ({ weight, minSamples: samples, deadline })),
          metrics: [{ name: "failed", margin, onBreach: "pause" }],
        },
      }),
    );
  fc.assert(
    fc.property(source, source, (before, after) => {
      const [old, next] = [read(before), read(after)];
      const changes = comparePlans(old, next);
      expect(changes.length === 0).toBe(old.digest === next.digest);
      for (const { code, message } of changes)
        if (code === "steps.deadline") expect(message.en).toMatch(/changed from (90s to 2m|2m to 90s)\.$/);
      // A page tells them apart.
      expect(new Set(changes.map(({ code, path }) => `${code}${path}`)).size).toBe(changes.length);
    }),
  );
});
