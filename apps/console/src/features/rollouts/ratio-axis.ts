/** The logarithmic axis on which a ratio of rates is drawn: twice as often and half as often are equally far from equal. Pure. */
import type { ValueAxis } from "@agent-factory/ui/chart";
import { isOpenAbove, isOpenBelow } from "./rollout-view.ts";

const DOUBLINGS_MAX = 5;
const TICKS_MAX = 7;

/** Holds every value given, from half to twice at least, and never more than 32 times either way: what is beyond is drawn at the edge. */
export function ratioAxis(values: readonly number[]): ValueAxis {
  const bounded = values.filter((value) => !isOpenBelow(value) && !isOpenAbove(value)).map((value) => Math.log2(value));
  const open = [values.some(isOpenBelow) ? -2 : -1, values.some(isOpenAbove) ? 2 : 1] as const;
  const low = Math.max(-DOUBLINGS_MAX, Math.floor(Math.min(open[0], ...bounded)));
  const high = Math.min(DOUBLINGS_MAX, Math.ceil(Math.max(open[1], ...bounded)));
  const by = Math.ceil((high - low + 1) / TICKS_MAX);
  const ticks: number[] = [];
  // Counted from 1, so that "as often" always has its line.
  for (let doublings = Math.ceil(low / by) * by; doublings <= high; doublings += by) ticks.push(2 ** doublings);
  return { scale: "log", domain: [2 ** low, 2 ** high], ticks };
}
