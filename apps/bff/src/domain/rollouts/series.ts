/** The confidence sequence of each metric over time, as the ticks saw it: bounded, so that a rollout of a month is one small document. */
import type { MetricJudgement } from "./judgement.ts";

/** At (milliseconds), lower, upper, ratio of the ratios. */
export type Point = readonly [at: number, lower: number, upper: number, theta: number | null];
/** By metric and step. */
export type Series = Readonly<Record<string, Readonly<Record<string, readonly Point[]>>>>;

export const POINTS_MAX = 200;

/** Adds what the tick saw where it is something new. A full step loses every second point, and so keeps its whole course. */
export function withTick(series: Series, step: number, metrics: readonly MetricJudgement[], now: Date): Series {
  const grown: Record<string, Readonly<Record<string, readonly Point[]>>> = { ...series };
  for (const { name, analysis } of metrics) {
    if (!analysis) continue;
    const { baseline, canary } = analysis.ratios;
    const theta = baseline !== null && canary !== null && baseline > 0 ? rounded(canary / baseline) : null;
    const point: Point = [now.getTime(), rounded(analysis.interval.lower), rounded(analysis.interval.upper), theta];
    const points = series[name]?.[step] ?? [];
    const last = points.at(-1);
    if (last && last[1] === point[1] && last[2] === point[2] && last[3] === point[3]) continue;
    grown[name] = { ...series[name], [step]: [...(points.length < POINTS_MAX ? points : points.filter((_, at) => at % 2 === 0)), point] };
  }
  return grown;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
