import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCpu, parseDuration, parseMemory, parseMoney } from "./units.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["15m", 900_000],
  ["2h", 7_200_000],
  ["30d", 2_592_000_000],
  ["0s", 0],
  ["30", null],
  ["1.5s", null],
  ["s", null],
  ["", null],
  ["-1s", null],
  ["1 s", null],
])("duration %s", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ["256Mi", 268_435_456],
  ["2Gi", 2_147_483_648],
  ["1k", 1000],
  ["1M", 1_000_000],
  ["0", 0],
  [1024, 1024],
  [1.5, null],
  [-1, null],
  ["1KB", null],
  ["99999999999999Ti", null],
])("memory %s", (text, bytes) => {
  expect(parseMemory(text)).toBe(bytes);
});

test.each([
  ["500m", 500],
  ["2", 2000],
  ["0.5", 500],
  [0.25, 250],
  ["0.0005", null],
  ["m", null],
])("cpu %s", (text, millis) => {
  expect(parseCpu(text)).toBe(millis);
});

test("money is exact to the millionth", () => {
  expect(parseMoney("0.05 EUR")).toEqual({ micros: 50_000, currency: "EUR" });
  expect(parseMoney("0.05")).toBeNull();
  expect(parseMoney("0.0000001 EUR")).toBeNull();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 999_999 }), (whole, micros) => {
      expect(parseMoney(`${whole}.${String(micros).padStart(6, "0")} USD`)?.micros).toBe(whole * 1_000_000 + micros);
    }),
  );
});
