/** What the counts of a rollout's step say of each metric of its plan. Pure; the statistic itself is in `analysis.ts`. */
import { type Analysis, analyse, analyseAlone, type Counts } from "./analysis.ts";
import type { MetricName, Plan, PlanMetric } from "./plan.ts";

/** Units of one step, cohort and metric; the metric `samples` counts all. */
export type CountRow = { readonly step: number; readonly cohort: string; readonly metric: string; readonly units: number };

/** What a metric takes from the version's promises, fixed when the rollout begins. Null: it promises nothing. */
export type Target = {
  /** Milliseconds or micros; null for `failed`, which needs none. */
  readonly limit: number | null;
  /** A bad ratio that is fine anyway. */
  readonly floor: number | null;
};
export type Targets = Readonly<Partial<Record<MetricName, Target>>>;

export type MetricJudgement = {
  readonly name: MetricName;
  readonly onBreach: PlanMetric["onBreach"];
  readonly baseline: Counts;
  readonly canary: Counts;
  /** Null: there is nothing to judge it by (no target, or nobody to compare with and no promise). */
  readonly analysis: Analysis | null;
};

export type StepJudgement = {
  readonly samples: { readonly baseline: number; readonly canary: number };
  readonly metrics: readonly MetricJudgement[];
};

export function judgeStep(plan: Plan, step: number, hasBaseline: boolean, targets: Targets, rows: readonly CountRow[]): StepJudgement {
  const units = (cohort: "baseline" | "canary", metric: string): number =>
    rows.find((row) => row.step === step && row.cohort === cohort && row.metric === metric)?.units ?? 0;
  const samples = { baseline: units("baseline", "samples"), canary: units("canary", "samples") };
  const weight = (plan.steps[step]?.weight ?? 100) / 100;
  const alpha = plan.alpha / (plan.metrics.length * plan.steps.length);
  return {
    samples,
    metrics: plan.metrics.map((metric): MetricJudgement => {
      const { name, tolerance, margin, onBreach } = metric;
      const baseline = { samples: samples.baseline, bad: units("baseline", name) };
      const canary = { samples: samples.canary, bad: units("canary", name) };
      const target = targets[name];
      const floor = target?.floor ?? null;
      const judge = (): Analysis | null => {
        if (!target) return null;
        // At the whole weight there is nobody left to compare with, and a promise that the baseline broke too is no reason to go back to it.
        if (hasBaseline) return weight < 1 ? analyse([{ weight, baseline, canary }], { alpha, tolerance, margin, floor }) : null;
        return floor === null ? null : analyseAlone(canary, { alpha, target: floor });
      };
      return { name, onBreach, baseline, canary, analysis: judge() };
    }),
  };
}
