/**
 * Service level objectives, pure. A template promises that so many of a hundred runs succeed within a window; what may fail is its error
 * budget, and how fast that goes is the burn rate: 1 uses it up exactly at the window's end (Beyer et al., The Site Reliability Workbook,
 * 2018, chapter 5). What somebody cancelled was no request. No runs is no data, never "all well".
 */
export type Tally = { readonly runs: number; readonly bad: number };

export type ErrorBudget = {
  /** Runs that may be bad, of those in the window. */
  readonly allowed: number;
  readonly spent: number;
  /** Below zero: more was bad than promised. Null: nothing has run yet. */
  readonly leftPercent: number | null;
};

export function errorBudgetOf(availabilityPercent: number, { runs, bad }: Tally): ErrorBudget {
  const allowed = runs * share(availabilityPercent);
  return { allowed, spent: bad, leftPercent: runs === 0 ? null : 100 * (1 - bad / allowed) };
}

/** How many times faster than promised the budget goes; null: nothing ran. */
export function burnRateOf(availabilityPercent: number, { runs, bad }: Tally): number | null {
  return runs === 0 ? null : bad / runs / share(availabilityPercent);
}

export function availabilityOf({ runs, bad }: Tally): number | null {
  return runs === 0 ? null : (100 * (runs - bad)) / runs;
}

/** What was left of the window's whole budget after each part of it: it begins at 100 and ends where the budget stands. */
export function courseOf(availabilityPercent: number, parts: readonly Tally[]): (number | null)[] {
  const runs = parts.reduce((sum, part) => sum + part.runs, 0);
  const allowed = runs * share(availabilityPercent);
  let bad = 0;
  return parts.map((part) => {
    bad += part.bad;
    return runs === 0 ? null : 100 * (1 - bad / allowed);
  });
}

function share(availabilityPercent: number): number {
  return (100 - availabilityPercent) / 100;
}
