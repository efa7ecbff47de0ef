import { expect, test } from "vitest";
import { availabilityOf, burnRateOf, courseOf, errorBudgetOf } from "./slo.ts";

test("the error budget is what may fail of what ran, and goes below zero when more did", () => {
  expect(errorBudgetOf(99, { runs: 1_000, bad: 4 })).toEqual({ allowed: 10, spent: 4, leftPercent: 60 });
  expect(errorBudgetOf(99, { runs: 100, bad: 3 }).leftPercent).toBeCloseTo(-200);
});

test("a burn rate of one uses the budget up exactly at the window's end; the workbook's 14.4 is 2 % of a month in an hour", () => {
  expect(burnRateOf(99.9, { runs: 1_000, bad: 1 })).toBeCloseTo(1);
  expect(burnRateOf(99.9, { runs: 10_000, bad: 144 })).toBeCloseTo(14.4);
});

test("no runs is no data", () => {
  const none = { runs: 0, bad: 0 };
  expect([errorBudgetOf(99, none).leftPercent, burnRateOf(99, none), availabilityOf(none), ...courseOf(99, [none])]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

test("the course of a budget ends where the budget stands", () => {
  const parts = [
    { runs: 100, bad: 0 },
    { runs: 700, bad: 3 },
    { runs: 200, bad: 1 },
  ];
  const course = courseOf(99, parts);
  expect(course[0]).toBe(100);
  expect(course.at(-1)).toBeCloseTo(errorBudgetOf(99, { runs: 1_000, bad: 4 }).leftPercent ?? Number.NaN);
});
