import { checkNames } from "@agent-factory/gate/verdict";
import { expect, test } from "vitest";
import { integrityGroupOf } from "../../i18n/integrity-checks.ts";

test("every check of the gate has words, and a check of tomorrow has none rather than wrong ones", () => {
  expect(checkNames.filter((check) => integrityGroupOf(check) === null)).toEqual([]);
  expect(integrityGroupOf("a-check-of-tomorrow")).toBeNull();
  expect(integrityGroupOf(undefined)).toBeNull();
});
