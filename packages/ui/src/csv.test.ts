import { expect, test } from "vitest";
import { decimalOf, toCsv } from "./csv.ts";

test("commas, quotes and line breaks stay inside their cell, and every line ends in CR LF", () => {
  expect(
    toCsv(
      ["name", "runs"],
      [
        ['the "big", one', 3],
        ["two\nlines", null],
      ],
    ),
  ).toBe('name,runs\r\n"the ""big"", one",3\r\n"two\nlines",\r\n');
});

test("a name that begins like a formula is no formula", () => {
  expect(toCsv(["name"], [["=1+1"], ["@x"], ["-a, b"]])).toBe("name\r\n'=1+1\r\n'@x\r\n\"'-a, b\"\r\n");
});

test("money is exact to a thousandth of a millionth", () => {
  expect([decimalOf(0), decimalOf(41), decimalOf(12_000_001), decimalOf(-1_500_000), decimalOf(0.03)]).toEqual([
    "0.000000000",
    "0.000041000",
    "12.000001000",
    "-1.500000000",
    "0.000000030",
  ]);
});
