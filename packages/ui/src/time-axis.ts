/** Where a continuous time axis has its marks. Pure. */
import type { ChartPoint } from "./chart.tsx";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS_MS = [1, 2, 5, 10, 15, 30]
  .map((seconds) => seconds * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE))
  .concat([1, 2, 3, 6, 12].map((hours) => hours * HOUR))
  .concat([1, 2, 7, 14, 30].map((days) => days * DAY));

/** Round moments between the two, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = STEPS_MS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most);
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** Stretches without data: from a point that has none to the next that has some, or to the end. */
export function gapsOf(points: readonly ChartPoint[]): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  points.forEach(({ at, values }, index) => {
    if (values !== null || points[index - 1]?.values === null) return;
    const next = points.slice(index).find((point) => point.values !== null) ?? points.at(-1);
    const [from, to] = [Date.parse(at), Date.parse(next?.at ?? at)];
    if (to > from) gaps.push({ from, to });
  });
  return gaps;
}
