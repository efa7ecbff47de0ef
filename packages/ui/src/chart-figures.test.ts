import { expect, test } from "vitest";
import { figureOf } from "./chart-figures.ts";

const said = (value: number) => `${value} x`;

test("bars that a point does not name are zero, lines are unknown", () => {
  expect(figureOf({ key: "a" }, { a: 2 }, "lines", said)).toBe("2 x");
  expect(figureOf({ key: "b" }, { a: 2 }, "lines", said)).toBeNull();
  expect(figureOf({ key: "b" }, { a: 2 }, "bars", said)).toBe("0 x");
});

test("a band is said by its two ends, and by nothing when one is missing", () => {
  const band = { key: "interval", ends: ["low", "high"] } as const;
  expect(figureOf(band, { low: 1, high: 3 }, "lines", said)).toBe("1 x – 3 x");
  expect(figureOf(band, { low: 1 }, "lines", said)).toBeNull();
});
