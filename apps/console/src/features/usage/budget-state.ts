/** How a budget stands, for its sentence and its colour. Pure. */
export type BudgetState =
  /** New runs are refused. */
  | "held"
  /** More is spent than there was, and nothing refuses. */
  | "over"
  /** A warn level is reached. */
  | "warned"
  /** At this pace the month ends above the amount, or where runs are refused. */
  | "heading-over"
  | "within";

export type BudgetFigures = {
  readonly amountMicros: number;
  readonly spentMicros: number;
  readonly warnPercents: readonly number[];
  readonly stopPercent: number | null;
  readonly forecastMicros: number | null;
  readonly hold: unknown;
};

export function budgetState(budget: BudgetFigures): BudgetState {
  const { amountMicros, spentMicros, warnPercents, stopPercent, forecastMicros, hold } = budget;
  const spent = (100 * spentMicros) / amountMicros;
  if (hold !== null) return "held";
  if (spent >= 100) return "over";
  if (warnPercents.some((percent) => spent >= percent)) return "warned";
  const limit = Math.min(100, stopPercent ?? 100);
  return forecastMicros !== null && (100 * forecastMicros) / amountMicros >= limit ? "heading-over" : "within";
}

/** Whether whoever pays should look at it. */
export function isAtRisk(budget: BudgetFigures): boolean {
  return budgetState(budget) !== "within";
}

/** The level that was reached last, and the next one that matters; null where there is none. */
export function levelsAround({ amountMicros, spentMicros, warnPercents, stopPercent }: BudgetFigures): {
  readonly reached: number | null;
  readonly next: { readonly percent: number; readonly stops: boolean } | null;
} {
  const spent = (100 * spentMicros) / amountMicros;
  const ahead = warnPercents.filter((percent) => percent > spent).sort((a, b) => a - b)[0];
  const stops = stopPercent !== null && stopPercent > spent && (ahead === undefined || stopPercent <= ahead);
  return {
    reached: warnPercents.filter((percent) => percent <= spent).sort((a, b) => b - a)[0] ?? null,
    next: stops && stopPercent !== null ? { percent: stopPercent, stops } : ahead === undefined ? null : { percent: ahead, stops: false },
  };
}
