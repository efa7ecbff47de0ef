import { expect, test } from "vitest";
import { type BudgetFigures, budgetState, isAtRisk, levelsAround } from "./budget-state.ts";

const budget = (change: Partial<BudgetFigures>): BudgetFigures => ({
  amountMicros: 100,
  spentMicros: 10,
  warnPercents: [50, 80],
  stopPercent: 100,
  forecastMicros: 60,
  hold: null,
  ...change,
});

test("a budget says the worst that holds of it", () => {
  expect(budgetState(budget({}))).toBe("within");
  expect(budgetState(budget({ forecastMicros: 120 }))).toBe("heading-over");
  expect(budgetState(budget({ forecastMicros: 75, stopPercent: 70 }))).toBe("heading-over");
  expect(budgetState(budget({ spentMicros: 50, forecastMicros: 120 }))).toBe("warned");
  expect(budgetState(budget({ spentMicros: 130, stopPercent: null }))).toBe("over");
  expect(budgetState(budget({ spentMicros: 130, hold: { reason: "spent" } }))).toBe("held");
});

test("too little known is no risk", () => {
  expect(isAtRisk(budget({ forecastMicros: null }))).toBe(false);
  expect(isAtRisk(budget({ forecastMicros: 101 }))).toBe(true);
});

test("the next level is the nearest, and refusing comes before warning at the same one", () => {
  expect(levelsAround(budget({}))).toEqual({ reached: null, next: { percent: 50, stops: false } });
  expect(levelsAround(budget({ spentMicros: 60, stopPercent: 80 }))).toEqual({ reached: 50, next: { percent: 80, stops: true } });
  expect(levelsAround(budget({ spentMicros: 90 }))).toEqual({ reached: 80, next: { percent: 100, stops: true } });
  expect(levelsAround(budget({ spentMicros: 140 }))).toEqual({ reached: 80, next: null });
});
