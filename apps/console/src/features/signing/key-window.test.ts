import { expect, test } from "vitest";
import { axisOf, placeOfNow, windowOf } from "./key-window.ts";

const now = Date.parse("2026-11-24T12:00:00Z");
const key = (notBefore: string, notAfter: string | null = null, distrustedFrom: string | null = null) => ({
  notBefore,
  notAfter,
  distrustedFrom,
});

test("the axis reaches from the oldest key past the next rotation, and now is on it", () => {
  const axis = axisOf([key("2026-10-24T12:00:00Z", "2026-11-23T12:00:00Z"), key("2026-11-23T12:00:00Z")], "2026-12-23T12:00:00Z", now);
  expect(axis.from).toBeLessThan(Date.parse("2026-10-24T12:00:00Z"));
  expect(axis.to).toBeGreaterThan(Date.parse("2026-12-23T12:00:00Z"));
  expect(placeOfNow(axis)).toBeCloseTo(0.463, 2);
});

test("a key made this minute has room to be seen", () => {
  const axis = axisOf([key("2026-11-24T11:59:59Z")], null, now);
  expect(axis.to - axis.from).toBeGreaterThan(86_400_000);
  const { start, end, open } = windowOf(key("2026-11-24T11:59:59Z"), axis);
  expect(end - start).toBeGreaterThan(0.9);
  expect(open).toBe(true);
});

test("windows stand in order, and distrust that reaches back before the axis begins with it", () => {
  const keys = [key("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z", "2020-01-01T00:00:00Z"), key("2026-11-10T00:00:00Z")];
  const axis = axisOf(keys, null, now);
  const [old, current] = keys.map((one) => windowOf(one, axis));
  expect(old?.distrusted).toBe(0);
  expect(old?.end).toBe(current?.start);
  expect(old?.open).toBe(false);
});
