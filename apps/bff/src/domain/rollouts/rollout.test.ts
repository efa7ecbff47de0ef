import { expect, test } from "vitest";
import { judgeStep } from "./judgement.ts";
import { readPlan } from "./plan.ts";
import { advance, BEGUN, type Facts, pauseFor, promote, type RolloutState, resume } from "./rollout.ts";
import { POINTS_MAX, type Series, withTick } from "./series.ts";

const { plan } = readPlan(`apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Standard }
spec:
  steps:
    - { weight: 10, minSamples: 5, deadline: 1m, onDeadline: proceed, gate: { title: Look } }
    - { weight: 50, minSamples: 5, deadline: 1m }
    - { weight: 100, deadline: 1m }
  metrics: [{ name: failed, onBreach: pause }]
`);
if (!plan) throw new Error("the test's plan has errors");

const at = (seconds: number) => new Date(Date.UTC(2031, 0, 1) + seconds * 1_000);
const running: RolloutState = { ...BEGUN, state: "running", stepStartedAt: at(0) };

function facts(canary: [samples: number, bad: number], baseline: [samples: number, bad: number] = [1_000, 10]): Facts {
  const rows = [
    { step: 0, cohort: "canary", metric: "samples", units: canary[0] },
    { step: 0, cohort: "canary", metric: "failed", units: canary[1] },
    { step: 0, cohort: "baseline", metric: "samples", units: baseline[0] },
    { step: 0, cohort: "baseline", metric: "failed", units: baseline[1] },
  ];
  if (!plan) throw new Error("no plan");
  return { ...judgeStep(plan, 0, true, { failed: { limit: null, floor: null } }, rows), baseline: "valid", canary: "valid" };
}

test("the clock of a step stands still in a pause: the deadline comes later by as much", () => {
  const paused = pauseFor(running, "by hand", at(30)).state;
  expect(advance(paused, plan, facts([1, 0]), at(600)).actions).toEqual([]);
  const back = resume(paused, at(600)).state;
  expect(advance(back, plan, facts([1, 0]), at(629)).state).toBe(back);
  expect(advance(back, plan, facts([1, 0]), at(630)).state).toMatchObject({ state: "paused", reason: "too-few-samples" });
});

test("a deadline with its samples proceeds when the plan says so, but waits at the gate until somebody opens it, and says so once", () => {
  const waiting = advance(running, plan, facts([20, 0]), at(61));
  expect(waiting.actions).toEqual([{ do: "tell", kind: "gate-waiting", data: { title: "Look" } }]);
  expect(advance(waiting.state, plan, facts([20, 0]), at(600)).actions).toEqual([]);
  const opened = advance({ ...waiting.state, gatePassedAt: at(601) }, plan, facts([20, 0]), at(601));
  expect(opened.state).toMatchObject({ state: "running", step: 1, gatePassedAt: null });
  expect(opened.actions[0]).toEqual({ do: "shift", step: 1, weight: 50 });
});

test("a breach that the plan pauses for is accepted by whoever resumes, for this step alone", () => {
  const bad = facts([100, 90]);
  const paused = advance(running, plan, bad, at(10)).state;
  expect(paused).toMatchObject({ state: "paused", reason: "breached:failed" });
  const back = resume(paused, at(20)).state;
  expect(advance(back, plan, bad, at(21)).state).toMatchObject({ state: "running", accepted: ["failed"] });
  expect(promote({ ...back, gatePassedAt: at(22) }, plan, at(22), "go").state).toMatchObject({ state: "completed" });
});

test("a plan that goes back, ends below everything or judges nothing is refused with its place", () => {
  const text = (steps: string) =>
    `apiVersion: agentfactory.dev/v1\nkind: RolloutPlan\nmetadata: { name: a, title: A }\nspec: { steps: [${steps}], metrics: [{ name: failed, onBreach: rollback }] }`;
  expect(readPlan(text("{ weight: 50, deadline: 1m }, { weight: 10, deadline: 1m }")).issues.map(({ pointer }) => pointer)).toEqual([
    "/spec/steps/1/weight",
    "/spec/steps/1/weight",
  ]);
  expect(readPlan(text("{ weight: 100, deadline: soon }")).issues.map(({ pointer }) => pointer)).toEqual(["/spec/steps/0/deadline"]);
  expect(readPlan(text("{ weight: 100, deadline: 1m }")).plan).toMatchObject({ alpha: 0.01, steps: [{ minSamples: 0 }] });
});

test("the course of a step stays whole however long it takes, and bounded", () => {
  let series: Series = {};
  for (let n = 1; n <= 1_000; n += 1) series = withTick(series, 0, facts([n, n % 7]).metrics, at(n));
  const points = series["failed"]?.["0"] ?? [];
  expect(points.length).toBeLessThanOrEqual(POINTS_MAX);
  expect(points[0]?.[0]).toBe(at(1).getTime());
  expect(points.at(-1)?.[0]).toBe(at(1_000).getTime());
});
