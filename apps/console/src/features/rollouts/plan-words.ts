/** A plan in sentences: what each step asks for, and what each metric does. Pure. */
import type { Format } from "../../i18n/i18n.tsx";
import type { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import type { PlanRow, RolloutPageView } from "./rollout-view.ts";
import type { verdictMessages } from "./verdict-messages.ts";
import { timesOf } from "./verdict-sentence.ts";

export type PlanShown = Pick<RolloutPageView["plan"], "alpha" | "steps" | "metrics">;
type Words = { readonly rollout: (typeof rolloutMessages)["en"]; readonly verdict: (typeof verdictMessages)["en"] };

export function stepSentence(step: PlanShown["steps"][number], { rollout: words }: Words, format: Format): string {
  const { weightPercent, minSamples, deadlineMs, onDeadline, gate } = step;
  const [percent, deadline] = [percentOf(weightPercent, format), format.durationMs(deadlineMs)];
  const own =
    minSamples === 0
      ? words.planStepLast(percent, deadline)
      : words.planStep(percent, format.number(minSamples), deadline, onDeadline === "pause");
  return gate === null ? own : `${own}; ${words.planGate(gate.title)}`;
}

export function metricSentence(metric: PlanShown["metrics"][number], words: Words, format: Format): string {
  const { name, tolerance, margin, onBreach } = metric;
  return words.rollout.planMetric(
    words.verdict[name],
    words.rollout[`onBreach_${onBreach}`],
    timesOf(tolerance, format),
    timesOf(margin, format),
  );
}

/** A plan as its text gives it, as it is shown. */
export function shownPlan({ alpha, steps, metrics }: PlanRow["plan"]): PlanShown {
  return { alpha, metrics: [...metrics], steps: steps.map(({ weight, ...step }) => ({ weightPercent: weight, ...step })) };
}
