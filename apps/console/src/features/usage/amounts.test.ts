import { expect, test } from "vitest";
import { hourlyMicros, levelsOf, microsOf, secondlyMicros, typedOf } from "./amounts.ts";

test("an amount is read with a comma or a point, and exactly", () => {
  expect(["12", "12,5", "12.50", "1 000", "0.000001", "0,0405"].map(microsOf)).toEqual([
    12_000_000, 12_500_000, 12_500_000, 1_000_000_000, 1, 40_500,
  ]);
  expect(["", "-1", "1e3", "1.2.3", "0.0000001", "ten"].map(microsOf)).toEqual([null, null, null, null, null, null]);
});

test("what was set is typed again in the reader's way", () => {
  expect([typedOf(12_500_000, "en"), typedOf(12_500_000, "fr"), typedOf(1_234_000_000, "en")]).toEqual(["12.5", "12,5", "1234"]);
  expect(microsOf(typedOf(40_500, "fr"))).toBe(40_500);
});

test("levels come in rising order, each once, with or without their sign", () => {
  expect(levelsOf("80, 50 %;80")).toEqual([50, 80]);
  expect(levelsOf("")).toEqual([]);
  expect(levelsOf("0")).toBeNull();
  expect(levelsOf("1001")).toBeNull();
  expect(levelsOf("half")).toBeNull();
});

test("a price of an hour comes back as it was", () => {
  expect(secondlyMicros(40_500)).toBe(11.25);
  expect(hourlyMicros(11.25)).toBe(40_500);
});
