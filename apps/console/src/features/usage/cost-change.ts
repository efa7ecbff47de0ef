/** What costs became, and because of what. Pure. */
export type Change =
  /** `share`: +0.12 for twelve percent more. */
  | { readonly kind: "changed"; readonly share: number }
  /** It cost nothing before. */
  | { readonly kind: "new" }
  /** It cost something before, and nothing now. */
  | { readonly kind: "gone" }
  | { readonly kind: "same" };

type Compared = { readonly amount: number; readonly previous: number | null };

/** Less than half a percent is the same; null: there is nothing to compare with. */
export function changeOf({ amount, previous }: Compared): Change | null {
  if (previous === null) return null;
  if (previous === 0) return amount === 0 ? { kind: "same" } : { kind: "new" };
  if (amount === 0) return { kind: "gone" };
  const share = (amount - previous) / previous;
  return Math.abs(share) < 0.005 ? { kind: "same" } : { kind: "changed", share };
}

/** A part that explains more than this of the whole change is worth naming. */
const MOST = 0.5;

/** The row behind most of a change: it moved the same way, by more than half of what the total moved. Null: it was many. */
export function moverOf<Row extends Compared>(rows: readonly Row[], total: Compared): Row | null {
  if (total.previous === null) return null;
  const moved = total.amount - total.previous;
  let found: { row: Row; by: number } | null = null;
  for (const row of rows) {
    const by = (row.amount - (row.previous ?? 0)) * Math.sign(moved);
    if (by > 0 && by > (found?.by ?? 0)) found = { row, by };
  }
  return found !== null && found.by > Math.abs(moved) * MOST ? found.row : null;
}

/** Of a whole; zero of nothing. */
export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

type Stacked = { readonly key: string; readonly amount: number };

/** The dearest rows, as many as are told apart at a glance, and whether the rest is shown as one. */
export function stackOf<Row extends Stacked>(
  rows: readonly Row[],
  most: number,
): { readonly shown: readonly Row[]; readonly rest: readonly Row[] } {
  const dear = rows.filter(({ amount }) => amount > 0);
  if (dear.length <= most) return { shown: dear, rest: [] };
  return { shown: dear.slice(0, most - 1), rest: dear.slice(most - 1) };
}
