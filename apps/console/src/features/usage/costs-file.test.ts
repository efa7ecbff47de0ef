import { expect, test } from "vitest";
import { costsFile } from "./costs-file.ts";

test("the file holds what the table shows, exactly, with its days and how it was counted", () => {
  const period = { from: "2026-11-01T00:00:00.000Z", to: "2026-11-25T00:00:00.000Z" };
  const row = { key: "t", label: "Log digest, daily", href: null, amount: 1_234_567, previous: 0, runs: 42, series: [] };
  const file = costsFile([row], { period, by: "template", basis: "used", currency: "EUR", nameOf: ({ label }) => label ?? "" });
  expect(file.name).toBe("costs-2026-11-01-2026-11-24-by-template-used.csv");
  expect(file.text).toBe(
    "first_day,last_day,grouped_by,basis,name,amount,amount_before,currency,runs\r\n" +
      '2026-11-01,2026-11-24,template,used,"Log digest, daily",1.234567000,0.000000000,EUR,42\r\n',
  );
});
