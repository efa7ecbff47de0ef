/** The table of costs as a file. Names of columns and amounts are the same in every language: programs read them. Pure. */
import { decimalOf, toCsv } from "@agent-factory/ui/csv";
import { daysOf, type Span } from "./period.ts";
import type { Basis, CostRow, Grouping } from "./usage-view.ts";

export type CostsFile = { readonly name: string; readonly text: string };

export function costsFile(
  rows: readonly CostRow[],
  { period, by, basis, currency, nameOf }: { period: Span; by: Grouping; basis: Basis; currency: string; nameOf: (row: CostRow) => string },
): CostsFile {
  const { first, last } = daysOf(period);
  const lines = rows.map((row) => [
    first,
    last,
    by,
    basis,
    nameOf(row),
    decimalOf(row.amount),
    row.previous === null ? null : decimalOf(row.previous),
    currency,
    row.runs,
  ]);
  const header = ["first_day", "last_day", "grouped_by", "basis", "name", "amount", "amount_before", "currency", "runs"];
  return { name: `costs-${first}-${last}-by-${by}-${basis}.csv`, text: toCsv(header, lines) };
}
