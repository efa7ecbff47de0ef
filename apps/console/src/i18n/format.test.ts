import { expect, test } from "vitest";
import { createFormat } from "./format.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const en = createFormat("en", "Europe/Paris", now);
const fr = createFormat("fr", "Europe/Paris", now);
/** Languages put different spaces between figures and units; here only that there is one matters. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

test("durations take the unit a person would, and never show 60 of a smaller one", () => {
  expect([0.84, 7.5, 420, 999.6, 1_420, 59_960, 61_000, 3_600_000, 5_400_000, 172_800_000].map((ms) => plain(en.durationMs(ms)))).toEqual([
    "0.8 ms",
    "7.5 ms",
    "420 ms",
    "1 sec",
    "1.42 sec",
    "1 min",
    "1 min 1 sec",
    "1 hr",
    "1 hr 30 min",
    "2 days",
  ]);
  expect(plain(fr.durationMs(1_420))).toBe("1,42 s");
});

test("sizes are in binary units with three figures that count", () => {
  expect([0, 1023, 1024, 1536, 24 * 1024 * 1024, 268_435_456].map((bytes) => plain(en.bytes(bytes)))).toEqual([
    "0 B",
    "1,023 B",
    "1 KiB",
    "1.5 KiB",
    "24 MiB",
    "256 MiB",
  ]);
  expect(plain(fr.bytes(1536))).toBe("1,5 Kio");
});

test("money keeps the digits that tell small amounts apart", () => {
  expect(en.money(4_100, "EUR")).toBe("€0.0041");
  expect(en.money(3, "EUR")).toBe("€0.000003");
  expect(en.money(0.04, "EUR")).toBe("€0.00000004");
  expect(en.money(0, "EUR")).toBe("€0.00");
  expect(en.money(41_200_000, "EUR")).toBe("€41.20");
  expect(plain(fr.money(41_200_000, "EUR"))).toBe("41,20 €");
});

test("relative times are told from the reader's now", () => {
  expect(en.relative(new Date(now - 2_000))).toBe("now");
  expect(plain(en.relative(new Date(now - 180_000)))).toBe("3 min. ago");
  expect(plain(en.relative(new Date(now + 7_200_000)))).toBe("in 2 hr.");
  expect(plain(fr.relative(new Date(now - 86_400_000)))).toBe("hier");
});

test("times stand in the reader's time zone", () => {
  expect(en.time("2026-11-23T12:00:00Z")).toBe("13:00:00");
  expect(fr.dateTime("2026-11-23T12:00:00Z")).toContain("13:00:00");
});
