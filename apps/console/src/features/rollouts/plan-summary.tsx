"use client";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { rolloutMessages } from "./messages.ts";
import { metricSentence, type PlanShown, stepSentence } from "./plan-words.ts";
import { verdictMessages } from "./verdict-messages.ts";

/** A plan as one would read it out. */
export function PlanSummary({ plan }: { plan: PlanShown }): ReactNode {
  const words = { rollout: useMessages(rolloutMessages), verdict: useMessages(verdictMessages) };
  const format = useFormat();
  return (
    <div className="flex flex-col gap-2 text-pretty">
      <ol className="flex list-inside list-decimal flex-col gap-1 text-ink-2 marker:text-ink-3">
        {plan.steps.map((step) => (
          <li key={step.weightPercent}>{stepSentence(step, words, format)}</li>
        ))}
      </ol>
      <ul className="flex flex-col gap-1 text-ink-2">
        {plan.metrics.map((metric) => (
          <li key={metric.name}>{metricSentence(metric, words, format)}</li>
        ))}
      </ul>
      <p className="text-sm text-ink-3">{words.rollout.planAlpha(format.percent(plan.alpha, 2))}</p>
    </div>
  );
}
