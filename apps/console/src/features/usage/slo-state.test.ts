import { expect, test } from "vitest";
import { burnState, lastsMs, type SloFigures, sloState } from "./slo-state.ts";

const slo = (change: Partial<SloFigures>): SloFigures => ({
  objective: { latencyMsP95: 2_000 },
  window: { runs: 100 },
  errorBudget: { leftPercent: 60 },
  burnRate1h: 0,
  burnRate24h: 0.5,
  latencyMsP95: 900,
  ...change,
});

test("a rate of one uses the budget up at the window's end; nothing ran is no rate", () => {
  expect([null, 0, 0.5, 1, 3, 20].map(burnState)).toEqual(["unknown", "none", "slow", "even", "fast", "burning"]);
});

test("a budget that goes three times too fast lasts a third of the window", () => {
  expect(lastsMs(3, 30)).toBe(10);
  expect([null, 0, 1].map((rate) => lastsMs(rate, 30))).toEqual([null, null, null]);
});

test("a promise is broken by failures or by slowness, and at risk before", () => {
  expect(sloState(slo({}))).toBe("kept");
  expect(sloState(slo({ errorBudget: { leftPercent: -1 } }))).toBe("broken");
  expect(sloState(slo({ latencyMsP95: 2_100 }))).toBe("broken");
  expect(sloState(slo({ burnRate1h: 2 }))).toBe("at-risk");
  expect(sloState(slo({ errorBudget: { leftPercent: 10 } }))).toBe("at-risk");
});

test("no runs are no data, never a promise that was kept", () => {
  expect(sloState(slo({ window: { runs: 0 }, errorBudget: { leftPercent: null }, latencyMsP95: null }))).toBe("unknown");
  expect(sloState(slo({ errorBudget: null, objective: { latencyMsP95: null } }))).toBe("unknown");
});
