/** The text of a plan as somebody writes it. Pure. */

/** What a new plan begins with: every field is there, and it is valid. */
export const NEW_PLAN = `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata:
  name: careful
  title: Careful
spec:
  alpha: 0.01
  steps:
    - { weight: 10, minSamples: 50, deadline: 30m, onDeadline: pause }
    - { weight: 50, minSamples: 200, deadline: 2h, onDeadline: pause, gate: { title: The operator agrees } }
    - { weight: 100, deadline: 1h, onDeadline: proceed }
  metrics:
    - { name: failed, tolerance: 1, margin: 1.5, onBreach: rollback }
    - { name: slow, tolerance: 1, margin: 1.5, onBreach: pause }
    - { name: dear, tolerance: 1, margin: 1.5, onBreach: notify }
`;

/** The name in the data of a text; null where there is none. */
export function planNameOf(data: unknown): string | null {
  const metadata = (data as { metadata?: { name?: unknown } | null } | null | undefined)?.metadata;
  return typeof metadata?.name === "string" && metadata.name !== "" ? metadata.name : null;
}

export type PlanIssue = { readonly pointer: string; readonly message: string };

/** The problems inside a refusal of `plans.invalid`; none in others. */
export function issuesOf(failure: { readonly code: string; readonly details: Readonly<Record<string, unknown>> } | null): PlanIssue[] {
  const issues = failure?.code === "plans.invalid" ? failure.details["issues"] : undefined;
  if (!Array.isArray(issues)) return [];
  return issues.filter((issue): issue is PlanIssue => typeof issue?.pointer === "string" && typeof issue?.message === "string");
}
