import { expect, test } from "vitest";
import { allocatedNanos, bookAt, DEFAULT_PRICES, hostMicros, type PriceBook, pricesSchema, usedNanos } from "./price-book.ts";

const prices = pricesSchema.parse({ cpuSecond: 10, memoryGibSecond: 2, hostHour: { default: 3_600_000, big: 7_200_000 } });
const GIB = 2 ** 30;

test("a reservation costs its limits for as long as it was held, rounded half up once", () => {
  expect(allocatedNanos(prices, { durationMs: 2_000, cpuMillis: 500, memoryBytes: GIB })).toBe(10_000 + 4_000);
  // 0.4 of CPU and 0.1 of memory: apart both would vanish, together they are one half and count as one.
  expect(allocatedNanos(prices, { durationMs: 0.05, cpuMillis: 800, memoryBytes: GIB })).toBe(1);
  expect(allocatedNanos(prices, { durationMs: 0.049, cpuMillis: 800, memoryBytes: GIB })).toBe(0);
});

test("many short runs cost what they cost: five milliseconds of half a core are not nothing", () => {
  const short = allocatedNanos(DEFAULT_PRICES, { durationMs: 5, cpuMillis: 500, memoryBytes: GIB / 4 });
  expect(short).toBe(30);
  expect(1_000_000 * short).toBe(30_000_000);
});

test("what was used costs what the kernel counted", () => {
  expect(usedNanos(prices, { durationMs: 1_000, cpuMs: 100, memoryBytesPeak: GIB / 2 })).toBe(1_000 + 1_000);
  expect(usedNanos(DEFAULT_PRICES, { durationMs: 3_600_000, cpuMs: 3_600_000, memoryBytesPeak: 0 })).toBe(40_500_000);
  expect(usedNanos(prices, { durationMs: Number.NaN, cpuMs: -1, memoryBytesPeak: 0 })).toBe(0);
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
