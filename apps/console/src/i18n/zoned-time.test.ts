import { expect, test } from "vitest";
import { instantOf } from "./zoned-time.ts";

test("what is typed counts in the reader's zone, summer and winter", () => {
  expect(instantOf("2026-11-24T10:30", "Europe/Paris")).toBe("2026-11-24T09:30:00.000Z");
  expect(instantOf("2026-07-24T10:30:15", "Europe/Paris")).toBe("2026-07-24T08:30:15.000Z");
  expect(instantOf("2026-11-24T10:30", "Asia/Kolkata")).toBe("2026-11-24T05:00:00.000Z");
  expect(instantOf("2026-11-24T10:30", "UTC")).toBe("2026-11-24T10:30:00.000Z");
});

test("an hour that clocks repeat is the first of the two, and one they skip is not later than what was meant", () => {
  expect(instantOf("2026-10-25T02:30", "Europe/Paris")).toBe("2026-10-25T00:30:00.000Z");
  expect(instantOf("2026-03-29T02:30", "Europe/Paris")).toBe("2026-03-29T00:30:00.000Z");
});

test("what is no time is none", () => {
  expect(instantOf("", "UTC")).toBeNull();
  expect(instantOf("2026-13-40T10:30", "UTC")).toBeNull();
  expect(instantOf("yesterday", "UTC")).toBeNull();
});
