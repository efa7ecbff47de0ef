import { expect, test } from "vitest";
import { allocatedMicros, bookAt, DEFAULT_PRICES, hostMicros, type PriceBook, pricesSchema, usedMicros } from "./price-book.ts";

const prices = pricesSchema.parse({ cpuSecond: 10, memoryGibSecond: 2, hostHour: { default: 3_600_000, big: 7_200_000 } });
const GIB = 2 ** 30;

test("a reservation costs its limits for as long as it was held, rounded half up once", () => {
  expect(allocatedMicros(prices, { durationMs: 2_000, cpuMillis: 500, memoryBytes: GIB })).toBe(10 + 4);
  // 0.4 of CPU and 0.1 of memory: apart both would vanish, together they are one half and count as one.
  expect(allocatedMicros(prices, { durationMs: 50, cpuMillis: 800, memoryBytes: GIB })).toBe(1);
  expect(allocatedMicros(prices, { durationMs: 49, cpuMillis: 800, memoryBytes: GIB })).toBe(0);
});

test("what was used costs what the kernel counted", () => {
  expect(usedMicros(prices, { durationMs: 1_000, cpuMs: 100, memoryBytesPeak: GIB / 2 })).toBe(1 + 1);
  expect(usedMicros(DEFAULT_PRICES, { durationMs: 3_600_000, cpuMs: 3_600_000, memoryBytesPeak: 0 })).toBe(40_500);
  expect(usedMicros(prices, { durationMs: Number.NaN, cpuMs: -1, memoryBytesPeak: 0 })).toBe(0);
});

test("the book in force is the one that began last, before all of them the default", () => {
  const book = (revision: number, validFrom: string): PriceBook => ({ revision, currency: "EUR", prices, validFrom: new Date(validFrom) });
  const books = [book(2, "2026-02-01"), book(1, "2026-01-01"), book(3, "2026-02-01")];
  expect(bookAt(books, new Date("2025-12-31"), "EUR").revision).toBe(0);
  expect(bookAt(books, new Date("2026-01-01"), "EUR").revision).toBe(1);
  expect(bookAt(books, new Date("2026-02-01"), "EUR").revision).toBe(3);
});

test("a host costs its hours, and the share of its slots that nobody occupied is idle", () => {
  const host = { hostClass: "small", spanMs: 10_000, slotMs: 40_000, busySlotMs: 10_000 };
  expect(hostMicros(prices, host)).toEqual({ billMicros: 10_000, idleMicros: 7_500 });
  expect(hostMicros(prices, { ...host, hostClass: "big" }).billMicros).toBe(20_000);
  expect(hostMicros(prices, { ...host, slotMs: 0 }).idleMicros).toBe(0);
});
