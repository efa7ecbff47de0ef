import fc from "fast-check";
import { expect, test } from "vitest";
import { assess, forecast, monthOf, NOTHING_TOLD, type Standing, toldOf } from "./budget.ts";

const budget: Standing = { amountMicros: 1_000, spentMicros: 0, warnPercents: [50, 80], stopPercent: 100, told: NOTHING_TOLD, held: false };

test("each level is told once a month, the higher of two reached at once, and again next month", () => {
  const first = assess({ ...budget, spentMicros: 850 }, "2031-05");
  expect(first).toMatchObject({ warn: 80, hold: false });
  expect(assess({ ...budget, spentMicros: 900, told: first.told }, "2031-05").warn).toBeNull();
  expect(assess({ ...budget, spentMicros: 500, told: first.told }, "2031-06").warn).toBe(50);
});

test("the stop level holds once; a person's release stands until the budget changes or the month turns", () => {
  const stopped = assess({ ...budget, spentMicros: 1_000 }, "2031-05");
  expect(stopped.hold).toBe(true);
  const overruled = assess({ ...budget, spentMicros: 1_200, told: stopped.told, held: false }, "2031-05");
  expect(overruled).toMatchObject({ hold: false, release: false });
  expect(assess({ ...budget, spentMicros: 1_200, told: { ...stopped.told, stopped: false } }, "2031-05").hold).toBe(true);
});

test("a raised budget and a new month release the hold", () => {
  const { told } = assess({ ...budget, spentMicros: 1_000 }, "2031-05");
  expect(assess({ ...budget, amountMicros: 2_000, spentMicros: 1_000, told, held: true }, "2031-05")).toMatchObject({
    release: true,
    hold: false,
  });
  expect(assess({ ...budget, spentMicros: 10, told, held: true }, "2031-06").release).toBe(true);
  expect(assess({ ...budget, stopPercent: null, spentMicros: 5_000, told, held: true }, "2031-05").release).toBe(true);
});

test("what was done is not done again: assessing twice is assessing once", () => {
  fc.assert(
    fc.property(fc.nat({ max: 3_000 }), fc.boolean(), fc.constantFrom("2031-05", "2031-06"), (spentMicros, held, month) => {
      const once = assess({ ...budget, spentMicros, held }, month);
      const twice = assess({ ...budget, spentMicros, told: once.told, held: once.hold || (held && !once.release) }, month);
      expect(twice).toMatchObject({ warn: null, hold: false, release: false, told: once.told });
    }),
  );
});

test("what the database holds is read, whatever it is", () => {
  for (const odd of [null, {}, { month: 5 }, "x"]) expect(toldOf(odd)).toEqual(NOTHING_TOLD);
  expect(toldOf({ month: "2031-05", percents: [50], stopped: true })).toEqual({ month: "2031-05", percents: [50], stopped: true });
});

test("a steady tenant is forecast to the day, an uneven one with an interval around it, a new one not at all", () => {
  const now = new Date("2031-05-21T12:00:00Z");
  expect(monthOf(now)).toMatchObject({ name: "2031-05", to: new Date("2031-06-01T00:00:00Z") });
  expect(forecast({ spentMicros: 2_050, days: Array(14).fill(100), now })).toEqual({ micros: 3_100, lower: 3_100, upper: 3_100 });
  const uneven = forecast({ spentMicros: 2_050, days: [50, 150, 50, 150, 50, 150], now });
  expect(uneven?.micros).toBe(3_100);
  expect(uneven?.lower).toBeGreaterThanOrEqual(2_050);
  expect((uneven?.upper ?? 0) - 3_100).toBeGreaterThan(300);
  expect(forecast({ spentMicros: 20, days: [0, 0, 0, 10, 10], now })).toBeNull();
});
