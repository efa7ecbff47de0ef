import { describe, expect, test } from "vitest";
import { acceptedMetrics, controlsOf, promotedTo, unsureMetrics, whyNot } from "./control.ts";
import { event, metric, rollout } from "./test-rollout.ts";

const closed = { title: "The desk agrees", waiting: false, passedAt: null };

describe("the controls of a rollout", () => {
  test("a rollout that is over has none", () => {
    expect(controlsOf(rollout({ state: "completed" }))).toEqual([]);
    expect(controlsOf(rollout({ state: "rolled_back" }))).toEqual([]);
  });

  test("what the page asks for comes last", () => {
    expect(controlsOf(rollout()).at(-1)).toBe("promote");
    expect(controlsOf(rollout({ state: "paused" })).at(-1)).toBe("resume");
    expect(controlsOf(rollout({ gate: { ...closed, waiting: true } })).at(-1)).toBe("passGate");
    expect(controlsOf(rollout({ gate: { ...closed, passedAt: "2026-11-25T14:00:00Z" } }))).not.toContain("passGate");
  });

  test("a closed gate holds a promotion back, a revoked baseline a resumption", () => {
    expect(whyNot("promote", rollout({ gate: closed }))).toBe("gate");
    expect(whyNot("promote", rollout())).toBeUndefined();
    expect(whyNot("resume", rollout({ state: "paused", stateReason: "baseline-revoked" }))).toBe("baseline");
    expect(whyNot("resume", rollout({ state: "paused", stateReason: "Lunch" }))).toBeUndefined();
    expect(whyNot("abort", rollout({ state: "pending" }))).toBe("pending");
  });
});

test("a promotion goes to the next gate and never through it", () => {
  expect(promotedTo(rollout({ step: 0 }))?.weightPercent).toBe(50);
  expect(promotedTo(rollout({ step: 1 }))).toBeNull();
});

test("metrics without anything to judge by are not called unsure", () => {
  const metrics = [metric(), metric({ name: "slow", interval: null }), metric({ name: "dear", verdict: "healthy" })];
  expect(unsureMetrics(rollout({ metrics }))).toEqual(["failed"]);
  expect(unsureMetrics(rollout({ metrics, step: 2 }))).toEqual([]);
});

test("an accepted breach counts for the step in which it was accepted", () => {
  const events = [event("resumed", "14:10:00", 0, { accepted: "slow" })];
  expect(acceptedMetrics({ events, step: 0 })).toEqual(["slow"]);
  expect(acceptedMetrics({ events, step: 1 })).toEqual([]);
});
