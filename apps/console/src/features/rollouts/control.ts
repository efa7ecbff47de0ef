/** What can be done with a rollout now, and what each act leads to. Pure; who may is another question. */
import { reasonOf } from "./reasons.ts";
import { type Control, isOver, type MetricName, type PlanStep, type RolloutPageView } from "./rollout-view.ts";
import { whyUnjudged } from "./verdict-sentence.ts";

export type WhyNot = "paused" | "notPaused" | "baseline" | "gate" | "gateOpen" | "pending";

/** The controls worth showing, in their order; the last one is what the page asks for. */
export function controlsOf(rollout: Pick<RolloutPageView, "state" | "gate">): Control[] {
  if (isOver(rollout)) return [];
  const closed = rollout.gate !== null && rollout.gate.passedAt === null;
  const gate: Control[] = closed ? ["passGate"] : [];
  if (rollout.state === "paused") return ["abort", "promote", ...gate, "resume"];
  return rollout.gate?.waiting ? ["abort", "pause", "promote", ...gate] : ["abort", "pause", ...gate, "promote"];
}

/** Undefined: its state lets it. */
export function whyNot(
  control: Control,
  { state, stateReason, gate }: Pick<RolloutPageView, "state" | "stateReason" | "gate">,
): WhyNot | undefined {
  if (state === "pending") return "pending";
  const closed = gate !== null && gate.passedAt === null;
  switch (control) {
    case "pause":
      return state === "paused" ? "paused" : undefined;
    case "resume":
      return state !== "paused" ? "notPaused" : reasonOf(stateReason)?.kind === "baseline-revoked" ? "baseline" : undefined;
    case "promote":
      return closed ? "gate" : undefined;
    case "passGate":
      return closed ? undefined : "gateOpen";
    case "abort":
      return undefined;
  }
}

/** Where a promotion leads: to the next step with a gate, or null: to the end. */
export function promotedTo({ step, plan }: Pick<RolloutPageView, "step" | "plan">): PlanStep | null {
  return plan.steps.slice(step + 1).find(({ gate }) => gate !== null) ?? null;
}

/** What is judged now and is not surely healthy. */
export function unsureMetrics({ metrics, plan, step }: Pick<RolloutPageView, "metrics" | "plan" | "step">): MetricName[] {
  const weightPercent = plan.steps[step]?.weightPercent ?? 100;
  return metrics
    .filter((metric) => metric.verdict !== "healthy" && whyUnjudged(metric, { weightPercent }) === null)
    .map(({ name }) => name);
}

/** Metrics whose breach somebody accepted when they resumed the present step. */
export function acceptedMetrics({ events, step }: Pick<RolloutPageView, "events" | "step">): string[] {
  return events
    .filter((event) => event.kind === "resumed" && event.step === step && typeof event.data["accepted"] === "string")
    .map((event) => String(event.data["accepted"]));
}
