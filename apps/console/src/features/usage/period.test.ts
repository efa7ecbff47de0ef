import { expect, test } from "vitest";
import { daysOf, periodFault, periodOf } from "./period.ts";

const now = Date.parse("2026-11-24T15:30:00Z");

test("this month reaches from its first day to the end of today, beside as many days of the month before", () => {
  expect(periodOf("month", null, null, now)).toEqual({
    kind: "month",
    days: 24,
    from: "2026-11-01T00:00:00.000Z",
    to: "2026-11-25T00:00:00.000Z",
    before: { from: "2026-10-01T00:00:00.000Z", to: "2026-10-25T00:00:00.000Z" },
  });
});

test("a month longer than the one before is compared with all of it, and with none of its own days", () => {
  expect(periodOf("month", null, null, Date.parse("2027-03-31T10:00:00Z")).before).toEqual({
    from: "2027-02-01T00:00:00.000Z",
    to: "2027-03-01T00:00:00.000Z",
  });
});

test("without a choice it is the last 30 days, today included, beside the 30 before", () => {
  const period = periodOf(null, null, null, now);
  expect([period.kind, period.days]).toEqual(["30d", 30]);
  expect(daysOf(period)).toEqual({ first: "2026-10-26", last: "2026-11-24" });
  expect(daysOf(period.before)).toEqual({ first: "2026-09-26", last: "2026-10-25" });
});

test("days of one's own are both included, and compared with as many right before", () => {
  const period = periodOf("custom", "2026-11-03", "2026-11-05", now);
  expect([period.kind, period.days, period.from, period.to]).toEqual(["custom", 3, "2026-11-03T00:00:00.000Z", "2026-11-06T00:00:00.000Z"]);
  expect(daysOf(period.before)).toEqual({ first: "2026-10-31", last: "2026-11-02" });
});

test.each([
  ["2026-11-05", "2026-11-03", "reversed"],
  ["2026-11-31", "2026-12-03", "missing"],
  ["", "2026-12-03", "missing"],
  ["2024-01-01", "2026-01-01", "too-long"],
  ["2026-11-03", "2026-11-03", null],
] as const)("%s to %s: %s, and an address that says so shows the last 30 days", (from, to, fault) => {
  expect(periodFault(from, to)).toBe(fault);
  expect(periodOf("custom", from, to, now).kind).toBe(fault === null ? "custom" : "30d");
});
