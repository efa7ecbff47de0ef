import { expect, test } from "vitest";
import { stageOf } from "./review-stage.ts";

type Facts = Parameters<typeof stageOf>[0];
const open: Facts = {
  state: "open",
  digest: "sha256:00",
  outcome: null,
  problem: null,
  approvals: { required: 2, given: 1, roles: ["reviewer"], rules: [] },
  decisions: [],
  checks: [],
  head: { nextSemver: "1.1.0" },
} as unknown as Facts;

test("an open review says what it waits for", () => {
  expect(stageOf(open)).toEqual({ name: "waiting", missing: 1 });
});

test("a failed check, or text that is no manifest, comes before the approvals", () => {
  const failed = { name: "policy", state: "failed", message: { en: "", fr: "" } } as const;
  expect(stageOf({ ...open, checks: [failed] }).name).toBe("unsound");
  expect(stageOf({ ...open, digest: null }).name).toBe("unsound");
});

test("approved is being published, until it is a version or a problem", () => {
  const approved: Facts = { ...open, state: "approved" };
  expect(stageOf(approved)).toEqual({ name: "publishing", semver: "1.1.0" });
  const problem = { code: "templates.base-moved", message: "", details: {} };
  expect(stageOf({ ...approved, problem })).toEqual({ name: "stuck", problem, missing: 1 });
  // The registry opens it again, so that it can be approved anew once it is mended.
  expect(stageOf({ ...open, problem })).toEqual({ name: "stuck", problem, missing: 1 });
  expect(stageOf({ ...approved, problem, outcome: "1.1.0" })).toEqual({ name: "published", semver: "1.1.0" });
});

test("a rejection is told in the words of the last who rejected", () => {
  const decision = (verdict: string, userName: string, note: string) => ({ verdict, userName, note }) as Facts["decisions"][number];
  const decisions = [decision("reject", "Rita", "No"), decision("approve", "Ada", ""), decision("reject", "Ola", "Not yet")];
  expect(stageOf({ ...open, state: "rejected", decisions })).toEqual({ name: "rejected", by: "Ola", note: "Not yet" });
});
