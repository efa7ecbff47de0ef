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

export type ChartSeries = {
  readonly key: string;
  readonly label: string;
  readonly colour: SeriesColour;
  /** How a chart of lines draws it; bars need none. */
  readonly shape?: "line" | "dashed" | "band";
  /** A band's ends: the keys of the values between which it lies. */
  readonly ends?: readonly [string, string];
};

/** One place on the time axis. `values` null: there is no data, which is not the same as zero. */
export type ChartPoint = { readonly at: string; readonly values: Readonly<Record<string, number>> | null };

/** Something that happened at a time: a deployment, a rollout's step. */
export type ChartMarker = { readonly at: string; readonly label: string };

/** A value that means something: a tolerance, a target. Drawn across the whole chart. */
export type ChartLimit = { readonly value: number; readonly label: string; readonly colour: SeriesColour };

/** The axis of the values, where it is not the chart's own choice. What lies outside is drawn at the edge. */
export type ValueAxis = { readonly scale: "linear" | "log"; readonly domain: readonly [number, number]; readonly ticks: readonly number[] };

/** `bars`: one on another, a place for each point. `lines`: over continuous time, each value holding until the next point. */
export type ChartDrawing = "bars" | "lines";

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
  readonly drawing?: ChartDrawing;
  readonly limits?: readonly ChartLimit[];
  readonly valueAxis?: ValueAxis | undefined;
};
