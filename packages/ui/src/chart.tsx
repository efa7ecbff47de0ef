/** What every chart is given: series, points over time, and how to say them. Types only. */

/** Colours by meaning, or the palette for what has none; a shape in the legend tells them apart without colour. */
export type SeriesColour =
  | "healthy"
  | "breached"
  | "warning"
  | "unknown"
  | "baseline"
  | "canary"
  | "series-1"
  | "series-2"
  | "series-3"
  | "series-4"
  | "series-5";

export type ChartSeries = { readonly key: string; readonly label: string; readonly colour: SeriesColour };

/** One place on the time axis. `values` null: there is no data, which is not the same as zero. */
export type ChartPoint = { readonly at: string; readonly values: Readonly<Record<string, number>> | null };

/** Something that happened at a time: a deployment, a rollout's step. */
export type ChartMarker = { readonly at: string; readonly label: string };

export type ChartWords = { readonly table: string; readonly chart: string; readonly noData: string; readonly time: string };

export type ChartProps = {
  readonly series: readonly ChartSeries[];
  readonly points: readonly ChartPoint[];
  readonly markers?: readonly ChartMarker[] | undefined;
  readonly formatAxis: (at: string) => string;
  readonly formatAt: (at: string) => string;
  readonly formatValue: (value: number) => string;
  readonly noData: string;
  /** Charts of one page with the same id share their cursor. */
  readonly syncId?: string | undefined;
};
