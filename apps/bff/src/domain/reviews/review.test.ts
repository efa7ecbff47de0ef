import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verdict } from "../decisions/decisions.ts";
import { countOf, type Head, isLive, type Judged, mayApprove, policyInput, type ReviewState, revising } from "./review.ts";

const head: Head = {
  revision: 3,
  digest: "sha256:a",
  content: "a: 1",
  base: { ref: "1.0.0", digest: "sha256:0", content: "a: 0" },
  changes: [],
  demands: "minor",
  nextRef: "1.1.0",
  findings: [],
  facts: null,
  policyRevision: "p",
};

const next = (change: Partial<Judged>): Judged => ({ ...head, ...change });

describe("a new content", () => {
  const cases: [string, Partial<Judged>, boolean, ReturnType<typeof revising>][] = [
    ["the same changes nothing", {}, true, { place: "keep", kills: null }],
    [
      "another digest kills, and comes after a head that was remarked on",
      { digest: "sha256:b", content: "a: 2" },
      true,
      { place: "append", kills: "content-changed" },
    ],
    [
      "another digest takes the place of a head that nobody looked at",
      { digest: "sha256:b", content: "a: 2" },
      false,
      { place: "replace", kills: "content-changed" },
    ],
    ["no digest any more kills", { digest: null, content: "a: [" }, true, { place: "append", kills: "content-changed" }],
    [
      "another base kills though the content is the same",
      { base: { ref: "1.1.0", digest: "sha256:1", content: "a: 0.5" } },
      true,
      { place: "append", kills: "base-changed" },
    ],
    ["a base where there was none is another base", { base: null }, false, { place: "replace", kills: "base-changed" }],
    ["another policy kills", { policyRevision: "q" }, true, { place: "append", kills: "policy-changed" }],
  ];
  test.each(cases)("%s", (_name, change, standing, expected) => {
    expect(revising(head, next(change), standing)).toEqual(expected);
  });

  test("that cannot be read is another with every keystroke", () => {
    const broken = { ...head, digest: null, content: "a: [" };
    expect(revising(broken, { ...broken, content: "a: [1" }, true).kills).toBe("content-changed");
    expect(revising(broken, { ...broken }, true)).toEqual({ place: "keep", kills: null });
  });

  test("takes the head's place exactly when decisions on the head die of it", () => {
    const some = fc.record({
      digest: fc.constantFrom("sha256:a", "sha256:b", null),
      content: fc.constantFrom("a: 1", "a: 2"),
      policyRevision: fc.constantFrom("p", "q"),
      base: fc.constantFrom(head.base, null),
    });
    fc.assert(
      fc.property(some, some, fc.boolean(), (before, after, remarked) => {
        const step = revising({ ...head, ...before }, next(after), remarked);
        expect(step.place === "keep").toBe(step.kills === null);
        if (remarked) expect(step.place).not.toBe("replace");
      }),
    );
  });
});

test("a review lives until it ends", () => {
  const lives = (state: ReviewState, outcome: string | null = null) => isLive({ state, outcome });
  expect([lives("open"), lives("approved")]).toEqual([true, true]);
  expect([lives("approved", "1.0.0"), lives("rejected"), lives("withdrawn")]).toEqual([false, false, false]);
});

describe("how approvals count", () => {
  const verdict: Verdict = {
    allowed: true,
    rules: ["reviews.usual"],
    revision: "r",
    value: { required: 2, given: 2, roles: ["reviewer"] },
  };

  test("is what the policy says", () => {
    expect(countOf(verdict)).toEqual({ allowed: true, required: 2, given: 2, roles: ["reviewer"], rules: ["reviews.usual"] });
  });

  test.each([
    ["it failed", { ...verdict, allowed: true, value: null }],
    ["it gave no number", { ...verdict, value: { required: "2", given: 2, roles: [] } }],
    ["it wants none", { ...verdict, value: { required: 0, given: 0, roles: ["reviewer"] } }],
  ])("is not enough when %s", (_name, broken) => {
    expect(countOf(broken)).toMatchObject({ allowed: false, given: 0, rules: ["policy.error"] });
  });

  test("is asked with classes and places, never with contents", () => {
    const message = { en: "", fr: "" };
    const changes = [{ class: "permission" as const, path: "/spec/tools/0", code: "c", message, after: "secret" }];
    const findings = [{ rule: "r", pointer: "", severity: "warning" as const, message }];
    const input = policyInput(
      { kind: "template", name: "echo" },
      { changes, demands: "minor", findings },
      { tenant: "acme", contributors: ["a"], approvals: [{ userId: "b", roles: ["reviewer"] }] },
    );
    expect(input).toEqual({
      subject: { kind: "template", name: "echo" },
      tenant: "acme",
      demands: "minor",
      changes: [{ class: "permission", path: "/spec/tools/0" }],
      findings: { errors: 0, warnings: 1 },
      contributors: ["a"],
      approvals: [{ userId: "b", roles: ["reviewer"] }],
    });
  });
});

test("who may approve is told why not, the gravest reason first", () => {
  const able = { state: "open" as ReviewState, part: null, hasRole: true, sound: true, decided: false, complete: false };
  expect(mayApprove(able)).toEqual({ allowed: true, reason: null });
  expect(mayApprove({ ...able, part: "approver" })).toEqual({ allowed: true, reason: null });
  expect(mayApprove({ ...able, sound: false }).reason).toBe("not-sound");
  expect(mayApprove({ ...able, sound: false, decided: true }).reason).toBe("already");
  expect(mayApprove({ ...able, decided: true, complete: true }), "their role came back").toEqual({ allowed: true, reason: null });
  expect(mayApprove({ ...able, sound: false, decided: true, hasRole: false }).reason).toBe("no-role");
  expect(mayApprove({ ...able, part: "contributor", hasRole: false }).reason).toBe("contributor");
  expect(mayApprove({ ...able, part: "contributor", state: "approved" }).reason).toBe("not-open");
});
