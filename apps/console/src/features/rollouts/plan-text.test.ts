import { readDocument } from "@agent-factory/manifest/document";
import { expect, test } from "vitest";
import { issuesOf, NEW_PLAN, planNameOf } from "./plan-text.ts";

test("a text's name is read from its data, and half a text has none", () => {
  expect(planNameOf(readDocument(NEW_PLAN).data)).toBe("careful");
  expect(planNameOf(readDocument("metadata: { name: ~ }").data)).toBeNull();
  expect(planNameOf(undefined)).toBeNull();
  expect(planNameOf("text")).toBeNull();
});

test("only a refusal of the text has problems of the text", () => {
  const issue = { pointer: "/spec/steps/0/weight", message: "more than the step before" };
  expect(issuesOf({ code: "plans.invalid", details: { issues: [issue, { pointer: 1 }, null] } })).toEqual([issue]);
  expect(issuesOf({ code: "plans.proposed", details: { issues: [issue] } })).toEqual([]);
  expect(issuesOf(null)).toEqual([]);
});
