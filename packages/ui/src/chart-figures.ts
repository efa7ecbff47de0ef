/** The figures of a chart in words, the same in its tooltip and its table. Pure. */
import type { ChartDrawing, ChartSeries } from "./chart.tsx";

/** What one series says at one place; null: nothing. Bars that are not named are zero, lines that are not named are unknown. */
export function figureOf(
  { key, ends }: Pick<ChartSeries, "key" | "ends">,
  values: Readonly<Record<string, number>>,
  drawing: ChartDrawing,
  formatValue: (value: number) => string,
): string | null {
  if (ends) {
    const [from, to] = [values[ends[0]], values[ends[1]]];
    return from === undefined || to === undefined ? null : `${formatValue(from)} – ${formatValue(to)}`;
  }
  const value = values[key];
  if (value !== undefined) return formatValue(value);
  return drawing === "bars" ? formatValue(0) : null;
}
