import { expect, test } from "vitest";
import { ratioAxis } from "./ratio-axis.ts";
import { THETA_MAX, THETA_MIN } from "./rollout-view.ts";

test("the axis holds what is drawn, by doublings", () => {
  expect(ratioAxis([1.4, 3.2, 1, 1.5])).toEqual({ scale: "log", domain: [0.5, 4], ticks: [0.5, 1, 2, 4] });
  expect(ratioAxis([])).toEqual({ scale: "log", domain: [0.5, 2], ticks: [0.5, 1, 2] });
});

test("an open end widens it a little and no more; a value far away is at the edge", () => {
  expect(ratioAxis([THETA_MIN, THETA_MAX]).domain).toEqual([0.25, 4]);
  // As a look tells it: rounded to four digits.
  expect(ratioAxis([0.0009766, 1_024]).domain).toEqual([0.25, 4]);
  expect(ratioAxis([0.002, 900]).domain).toEqual([1 / 32, 32]);
});

test("equal has a line of its own however wide the axis is", () => {
  for (const low of [0.01, 0.1, 0.3, 0.7])
    for (const high of [1.1, 3, 9, 40]) {
      const { ticks } = ratioAxis([low, high]);
      expect(ticks).toContain(1);
      expect(ticks.length).toBeLessThanOrEqual(7);
    }
});
