import { expect, test } from "vitest";
import { event, metric, rollout } from "./test-rollout.ts";
import { chartPoints, edgeOf, progressOf, segmentsOf, startsOf } from "./timeline.ts";

const states = (change: Parameters<typeof rollout>[0]) => segmentsOf(rollout(change)).map(({ state }) => state);
const started = event("started", "14:04:00", 0);
const second = event("step", "14:10:00", 1, { samples: { canary: 188, baseline: 1_700 } });

test("steps stand in their order with the gate behind the step that it closes", () => {
  expect(segmentsOf(rollout()).map(({ kind, index }) => `${kind} ${index}`)).toEqual(["step 0", "step 1", "gate 1", "step 2"]);
  expect(states({})).toEqual(["current", "ahead", "ahead", "ahead"]);
});

test("a step that was left tells when it began and how many samples it had", () => {
  const [first] = segmentsOf(rollout({ step: 1, events: [second, started] }));
  expect(first).toMatchObject({ state: "passed", startedAt: "2026-11-25T14:04:00Z", samples: 188 });
});

test("a step says how it was left, and never calls healthy what was only out of time", () => {
  const leaving = (verdict: string, before: ReturnType<typeof event>[] = []) => {
    const data = { samples: { canary: 79, baseline: 700 }, metrics: [{ name: "failed", verdict }] };
    const [first] = segmentsOf(rollout({ step: 1, events: [started, ...before, event("step", "14:10:00", 1, data)] }));
    return first?.kind === "step" ? first.left : null;
  };
  expect(leaving("healthy")).toBe("healthy");
  expect(leaving("unknown")).toBe("time");
  expect(leaving("healthy", [event("promoted", "14:09:00", 0, { reason: "Now" })])).toBe("promoted");
});

test("where it ended is broken, and what lies behind was not reached", () => {
  expect(states({ state: "rolled_back", step: 1, events: [started, second, event("rolled-back", "14:19:00", 1)] })).toEqual([
    "passed",
    "broken",
    "ahead",
    "ahead",
  ]);
});

test("a gate waits only while it is waited for, and names who let it pass", () => {
  const gate = { title: "The desk agrees", waiting: true, passedAt: null };
  expect(states({ step: 1, events: [started, second], gate })[2]).toBe("waiting");
  expect(states({ state: "paused", step: 1, events: [started, second], gate })[1]).toBe("paused");
  const passed = segmentsOf(rollout({ step: 1, events: [started, second, event("gate-passed", "14:12:00", 1, {}, "Ada Novak")] }))[2];
  expect(passed).toMatchObject({ state: "passed", passedBy: "Ada Novak" });
});

test("a step that a promotion went past was skipped", () => {
  expect(states({ state: "completed", step: 2, events: [started, event("completed", "14:06:00", 2)] })).toEqual([
    "passed",
    "skipped",
    "passed",
    "skipped",
  ]);
});

test("a chart shows no data before a step's first look, and holds the last look until the next step or now", () => {
  const look = (at: string, step: number, theta: number) => ({ at: `2026-11-25T${at}Z`, step, lower: 0.5, upper: 2, theta });
  const points = chartPoints(
    metric({ series: [look("14:12:00.000", 1, 1.4), look("14:05:00.000", 0, 1.2)] }),
    startsOf([started, second]).map(({ index, at }) => ({ index, at: at.replace("Z", ".000Z") })),
    "2026-11-25T14:15:00.000Z",
  );
  expect(points.map(({ at, values }) => [at.slice(11, 19), values?.["theta"] ?? null])).toEqual([
    ["14:04:00", null],
    ["14:05:00", 1.2],
    ["14:09:59", 1.2],
    ["14:10:00", null],
    ["14:12:00", 1.4],
    ["14:15:00", 1.4],
  ]);
});

test("a chart of an ended rollout goes past the end, so that the look that decided is seen; a live one ends now", () => {
  const startedAt = "2026-11-25T14:00:00.000Z";
  const now = "2026-11-25T15:00:00.000Z";
  expect(edgeOf({ startedAt, endedAt: null }, now)).toBe(now);
  expect(edgeOf({ startedAt, endedAt: "2026-11-25T14:10:00.000Z" }, now)).toBe("2026-11-25T14:10:24.000Z");
  expect(edgeOf({ startedAt, endedAt: "2026-11-25T14:00:03.000Z" }, now)).toBe("2026-11-25T14:00:04.000Z");
});

test("a metric nobody has looked at yet is no data from the first step on", () => {
  const points = chartPoints(metric(), startsOf([started]), "2026-11-25T14:15:00Z");
  expect(points.every(({ values }) => values === null)).toBe(true);
  expect(points).toHaveLength(2);
});

test("progress is full with enough samples, and where none are needed", () => {
  expect([progressOf(0, 50), progressOf(34, 50), progressOf(81, 50), progressOf(0, 0)]).toEqual([0, 0.68, 1, 1]);
});
