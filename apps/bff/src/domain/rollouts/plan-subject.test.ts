import { expect, test } from "vitest";
import { planMeaning } from "./plan-subject.ts";

const planOf = (weight: number) => `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: Standard }
spec:
  steps:
    - { weight: ${weight}, deadline: 1h }
    - { weight: 100, deadline: 1h }
  metrics: [{ name: failed, onBreach: rollback }]
`;

const found = (source: string, base: string | null) => {
  const { changes, nextRef } = planMeaning(source, base === null ? null : { ref: "3", digest: `sha256:${"0".repeat(64)}`, content: base });
  return { nextRef, changes: changes.map((change) => [change.class, change.code]) };
};

test("a base that is no plan any more counts as a permission: what became looser since cannot be told", () => {
  expect(found(planOf(10), planOf(10).replace("deadline: 1h", "deadline: soon"))).toEqual({
    nextRef: "4",
    changes: [["permission", "plan.base-unreadable"]],
  });
});

test("a first revision changes nothing that was there, and a text with errors means nothing", () => {
  expect(found(planOf(10), null)).toEqual({ nextRef: "1", changes: [] });
  expect(found("kind: Nothing", planOf(10))).toEqual({ nextRef: null, changes: [] });
  expect(found(planOf(20), planOf(10))).toEqual({ nextRef: "4", changes: [["permission", "steps.weight"]] });
});
