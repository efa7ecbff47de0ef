/** How a promise is kept, for its sentence and its colour. Pure. */
export type BurnState = "unknown" | "none" | "slow" | "even" | "fast" | "burning";

/** From here on a budget of a month is gone in about two days: the level at which people are woken (The Site Reliability Workbook, ch. 5). */
const BURNING = 14.4;

export function burnState(rate: number | null): BurnState {
  if (rate === null) return "unknown";
  if (rate === 0) return "none";
  if (rate < 0.95) return "slow";
  if (rate <= 1.05) return "even";
  return rate < BURNING ? "fast" : "burning";
}

/** How long the whole budget lasts at this rate; null: it outlasts the window, or nothing is known. */
export function lastsMs(rate: number | null, windowMs: number): number | null {
  return rate === null || rate <= 1 ? null : windowMs / rate;
}

export type SloState = "unknown" | "kept" | "at-risk" | "broken";

export type SloFigures = {
  readonly objective: { readonly latencyMsP95: number | null };
  readonly window: { readonly runs: number };
  readonly errorBudget: { readonly leftPercent: number | null } | null;
  readonly burnRate1h: number | null;
  readonly burnRate24h: number | null;
  readonly latencyMsP95: number | null;
};

/** Less than this of a budget left is a risk however slowly it goes. */
const LITTLE_PERCENT = 20;

export function sloState(slo: SloFigures): SloState {
  const left = slo.errorBudget?.leftPercent ?? null;
  const slow = isSlow(slo);
  if ((left !== null && left < 0) || slow === true) return "broken";
  if (slo.window.runs === 0 || (left === null && slow === null)) return "unknown";
  const burning = [slo.burnRate1h, slo.burnRate24h].some((rate) => rate !== null && rate > 1.05);
  return burning || (left !== null && left < LITTLE_PERCENT) ? "at-risk" : "kept";
}

/** Whether 95 of 100 runs were slower than promised; null: nothing is promised, or nothing measured. */
export function isSlow({ objective, latencyMsP95 }: SloFigures): boolean | null {
  return objective.latencyMsP95 === null || latencyMsP95 === null ? null : latencyMsP95 > objective.latencyMsP95;
}
