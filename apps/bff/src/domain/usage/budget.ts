/**
 * A budget: what a tenant, or one of its templates, may cost (allocated) in a calendar month, UTC. Pure.
 *
 *   quiet -> warned             spending reaches a warn level; each level is told once a month
 *   any -> stopped              spending reaches the stop level: a hold refuses new runs; told once
 *   stopped -> quiet | warned   the budget was raised, or the month turned: the hold goes
 *   stopped -> overruled        a person released the hold: it stays away until the budget changes or the month turns
 */
export type Told = { readonly month: string; readonly percents: readonly number[]; readonly stopped: boolean };

export type Standing = {
  readonly amountMicros: number;
  readonly spentMicros: number;
  readonly warnPercents: readonly number[];
  readonly stopPercent: number | null;
  readonly told: Told;
  /** A hold of this budget is in force. */
  readonly held: boolean;
};

export type BudgetStep = {
  /** The highest level reached that was not told this month; null: nothing new. Lower ones reached at once are told with it. */
  readonly warn: number | null;
  readonly hold: boolean;
  readonly release: boolean;
  readonly told: Told;
};

/** What to do about a budget now. Doing it and assessing again does nothing more. */
export function assess(standing: Standing, month: string): BudgetStep {
  const { amountMicros, spentMicros, warnPercents, stopPercent, held } = standing;
  const told = standing.told.month === month ? standing.told : { month, percents: [], stopped: false };
  const reached = (percent: number) => spentMicros * 100 >= amountMicros * percent;
  const fresh = warnPercents.filter((percent) => reached(percent) && !told.percents.includes(percent));
  const over = stopPercent !== null && reached(stopPercent);
  return {
    warn: fresh.length === 0 ? null : Math.max(...fresh),
    hold: over && !told.stopped,
    release: !over && held,
    told: { month, percents: [...told.percents, ...fresh].toSorted((a, b) => a - b), stopped: over },
  };
}

export const NOTHING_TOLD: Told = { month: "", percents: [], stopped: false };

export function toldOf(value: unknown): Told {
  const { month, percents, stopped } = (value ?? {}) as Partial<Record<keyof Told, unknown>>;
  if (typeof month !== "string") return NOTHING_TOLD;
  return { month, percents: Array.isArray(percents) ? percents.filter((one) => typeof one === "number") : [], stopped: stopped === true };
}

export type Month = { readonly name: string; readonly from: Date; readonly to: Date };

/** The calendar month of `now`, UTC. */
export function monthOf(now: Date): Month {
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  return {
    name: from.toISOString().slice(0, "2026-11".length),
    from,
    to: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)),
  };
}

const DAY_MS = 86_400_000;
/** Whole days that the forecast looks back on: two weeks hold every weekday twice. */
export const FORECAST_DAYS = 14;
const FORECAST_DAYS_MIN = 3;
/** Of the normal distribution, for nine times in ten. */
const Z_90 = 1.645;

export type Forecast = { readonly micros: number; readonly lower: number; readonly upper: number };

/**
 * What the month will have cost at its end: what was spent, and for the time that is left the mean of the last whole days (up to
 * {@link FORECAST_DAYS}, from the first that cost anything on). The interval holds nine times in ten if days are alike and independent:
 * z x deviation of a day x root of the days left, and the uncertainty of the mean itself. Null with fewer than three whole days: a line
 * through two points is no forecast.
 *
 * @param days cost of the last whole days, newest last
 */
export function forecast({ spentMicros, days, now }: { spentMicros: number; days: readonly number[]; now: Date }): Forecast | null {
  const first = days.findIndex((micros) => micros > 0);
  const known = first < 0 ? [] : days.slice(first).slice(-FORECAST_DAYS);
  if (known.length < FORECAST_DAYS_MIN) return null;
  const mean = known.reduce((sum, micros) => sum + micros, 0) / known.length;
  const variance = known.reduce((sum, micros) => sum + (micros - mean) ** 2, 0) / (known.length - 1);
  const left = (monthOf(now).to.getTime() - now.getTime()) / DAY_MS;
  const reach = Z_90 * Math.sqrt(variance * (left + left ** 2 / known.length));
  const micros = Math.round(spentMicros + mean * left);
  return { micros, lower: Math.max(spentMicros, Math.round(micros - reach)), upper: Math.round(micros + reach) };
}
