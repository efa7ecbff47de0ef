import { expect, test } from "vitest";
import { gapsOf, timeTicks } from "./time-axis.ts";

const at = (time: string) => Date.parse(`2026-11-25T${time}Z`);

test("marks stand at round moments within the span, and never more than asked for", () => {
  expect(timeTicks(at("14:03:10"), at("14:19:00"), 4)).toEqual([at("14:05:00"), at("14:10:00"), at("14:15:00")]);
  expect(timeTicks(at("14:03:10"), at("14:03:40"), 4)).toEqual([at("14:03:10"), at("14:03:20"), at("14:03:30"), at("14:03:40")]);
  for (const hours of [0.01, 1, 7, 100, 5_000]) {
    const ticks = timeTicks(at("00:00:00"), at("00:00:00") + hours * 3_600_000, 5);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(6);
  }
});

test("a stretch without data lasts until there is data again, or to the end", () => {
  const point = (time: string, values: Record<string, number> | null) => ({ at: `2026-11-25T${time}Z`, values });
  expect(gapsOf([point("14:00:00", null), point("14:01:00", { a: 1 }), point("14:02:00", null), point("14:03:00", null)])).toEqual([
    { from: at("14:00:00"), to: at("14:01:00") },
    { from: at("14:02:00"), to: at("14:03:00") },
  ]);
  expect(gapsOf([point("14:00:00", { a: 1 })])).toEqual([]);
});
