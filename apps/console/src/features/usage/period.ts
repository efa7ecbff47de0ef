/**
 * What "this month" and "from … to …" mean, and what each is compared with. Days are UTC, as the figures are counted. Pure.
 */
export type Span = { readonly from: string; readonly to: string };

export type PeriodKind = "month" | "30d" | "custom";
export const periodKinds: readonly PeriodKind[] = ["month", "30d", "custom"];

export type Period = Span & {
  readonly kind: PeriodKind;
  /** Whole days, today included. */
  readonly days: number;
  /** As many days before: of the month before for a month, right before otherwise. */
  readonly before: Span;
};

export const DAY_MS = 86_400_000;
/** The registry answers for no more. */
const DAYS_MAX = 400;

/** `from` and `to` are days, `2026-11-24`, both included; what is no period is the last 30 days. */
export function periodOf(kind: string | null, from: string | null, to: string | null, now: number): Period {
  const today = startOf(now);
  if (kind === "month") {
    const first = startOfMonth(now, 0);
    const days = (today - first) / DAY_MS + 1;
    const previous = startOfMonth(now, -1);
    return {
      kind,
      days,
      ...span(first, today + DAY_MS),
      before: span(previous, Math.min(previous + days * DAY_MS, first)),
    };
  }
  if (kind === "custom") {
    const [first, last] = [dayOf(from), dayOf(to)];
    if (first !== null && last !== null && last >= first && last - first < DAYS_MAX * DAY_MS)
      return rolling("custom", first, last + DAY_MS);
  }
  return rolling("30d", today - 29 * DAY_MS, today + DAY_MS);
}

/** What is wrong with two days as typed; null: they are a period. */
export function periodFault(from: string, to: string): "missing" | "reversed" | "too-long" | null {
  const [first, last] = [dayOf(from), dayOf(to)];
  if (first === null || last === null) return "missing";
  if (last < first) return "reversed";
  return last - first >= DAYS_MAX * DAY_MS ? "too-long" : null;
}

/** The first and last day of a span, as an address or a date field names them. */
export function daysOf({ from, to }: Span): { readonly first: string; readonly last: string } {
  return { first: from.slice(0, 10), last: new Date(Date.parse(to) - DAY_MS).toISOString().slice(0, 10) };
}

function rolling(kind: PeriodKind, from: number, to: number): Period {
  const length = to - from;
  return { kind, days: length / DAY_MS, ...span(from, to), before: span(from - length, from) };
}

function span(from: number, to: number): Span {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function startOf(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

function startOfMonth(at: number, months: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
}

/** Strict: the thirty-first of November is no day. */
function dayOf(text: string | null): number | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const at = Date.parse(`${text}T00:00:00.000Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? null : at;
}
