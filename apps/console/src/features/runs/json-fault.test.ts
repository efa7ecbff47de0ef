import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJsonFault } from "./json-fault.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("where a text stops being JSON", () => {
  test.each([
    ['{\n  "a": tru\n}', 2, 8],
    ['{"a": 1,}', 1, 9],
    ["[1 2]", 1, 4],
    ['{"a" 1}', 1, 6],
    ['{\n  "a": 1', 2, 9],
    ["{'a': 1}", 1, 2],
    ["01", 1, 1],
    ["{} x", 1, 4],
    ['["a\nb"]', 1, 2],
    ["", 1, 1],
  ])("%j at line %i, column %i", (text, line, column) => {
    expect(findJsonFault(text)).toEqual({ line, column });
  });

  test("agrees with the engine on every text whether it is JSON at all", () => {
    const piece = fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"\\n"', "1", "-0.5e3", "true", "null", " ", "\n", "x", '"', "tru");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
        (text) => {
          expect(findJsonFault(text) === null).toBe(isJson(text));
        },
      ),
      { numRuns: 3_000 },
    );
    fc.assert(fc.property(fc.json(), (text) => findJsonFault(text) === null));
  });
});
