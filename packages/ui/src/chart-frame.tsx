"use client";
import { clsx } from "clsx";
import { lazy, type ReactNode, Suspense, useId, useState } from "react";
import type { ChartProps, ChartSeries, ChartWords } from "./chart.tsx";
import { figureOf } from "./chart-figures.ts";
import { Skeleton } from "./skeleton.tsx";

// Recharts is loaded when a chart is shown, never with a page's first JavaScript.
const StackedBars = lazy(async () => ({ default: (await import("./stacked-bars.tsx")).StackedBars }));
const TimeLines = lazy(async () => ({ default: (await import("./time-lines.tsx")).TimeLines }));

/**
 * The one frame around every chart: a legend with words, the drawing, and the same figures as a table for whoever prefers or needs
 * one. `height` in pixels is taken at once, so nothing moves when the drawing arrives.
 */
export function ChartFrame({
  title,
  words,
  height = 200,
  actions,
  lead,
  ...chart
}: Omit<ChartProps, "noData"> & {
  readonly title: string;
  readonly words: ChartWords;
  readonly height?: number;
  readonly actions?: ReactNode;
  /** Between the title and the drawing: what it shows, said in words. */
  readonly lead?: ReactNode;
}): ReactNode {
  const [asTable, setAsTable] = useState(false);
  const heading = useId();
  return (
    <section aria-labelledby={heading} className="min-w-0 rounded-md border border-line bg-surface">
      <header className="flex min-h-[38px] flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-2">
        <h2 id={heading} className="text-md font-semibold">
          {title}
        </h2>
        <ul className="flex flex-wrap gap-x-3 gap-y-1 text-sm text-ink-2">
          {chart.series.map((series) => (
            <li key={series.key} className="flex items-center gap-1.5">
              <SeriesMark series={series} />
              {series.label}
            </li>
          ))}
        </ul>
        <div className="ml-auto flex items-center gap-3">
          {actions}
          <button
            type="button"
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
            className="rounded-sm px-1 text-sm text-ink-3 hover:text-ink"
          >
            {asTable ? words.chart : words.table}
          </button>
        </div>
      </header>
      {lead === undefined ? null : <div className="px-4 pt-1">{lead}</div>}
      <div className="px-4 pt-2 pb-3">
        {asTable ? (
          <FiguresTable {...chart} words={words} height={height} title={title} />
        ) : (
          <div style={{ height }} aria-hidden>
            <Suspense fallback={<Skeleton className="h-full w-full" />}>
              {chart.drawing === "lines" ? (
                <TimeLines {...chart} noData={words.noData} />
              ) : (
                <StackedBars {...chart} noData={words.noData} />
              )}
            </Suspense>
          </div>
        )}
      </div>
    </section>
  );
}

function SeriesMark({ series: { shape, colour } }: { series: ChartSeries }): ReactNode {
  const paint = `var(--${colour})`;
  if (shape === "line") return <span aria-hidden className="w-4 border-t-2" style={{ borderColor: paint }} />;
  if (shape === "dashed") return <span aria-hidden className="w-4 border-t-2 border-dashed" style={{ borderColor: paint }} />;
  if (shape === "band") return <span aria-hidden className="h-2.5 w-4 rounded-[2px] opacity-25" style={{ background: paint }} />;
  return <span aria-hidden className="size-2.5 rounded-[3px]" style={{ background: paint }} />;
}

function FiguresTable({
  series,
  points,
  drawing,
  formatAt,
  formatValue,
  words,
  height,
  title,
}: Omit<ChartProps, "noData"> & { words: ChartWords; height: number; title: string }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard
    <section aria-label={title} tabIndex={0} className="overflow-auto focus-visible:-outline-offset-2" style={{ height }}>
      <table className="w-full border-collapse text-sm">
        <thead>
          <tr className="border-b border-line text-xs text-ink-3">
            <th scope="col" className="sticky top-0 bg-surface py-1 text-left font-medium">
              {words.time}
            </th>
            {series.map(({ key, label }) => (
              <th key={key} scope="col" className="sticky top-0 bg-surface py-1 pl-4 text-right font-medium">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map(({ at, values }) => (
            <tr key={at} className="border-b border-line last:border-0">
              <th scope="row" className="py-1 text-left font-normal whitespace-nowrap text-ink-2">
                {formatAt(at)}
              </th>
              {values === null ? (
                <td colSpan={series.length} className="py-1 text-right text-ink-3">
                  {words.noData}
                </td>
              ) : (
                series.map((one) => {
                  const figure = figureOf(one, values, drawing ?? "bars", formatValue);
                  return (
                    <td
                      key={one.key}
                      className={clsx(
                        "py-1 pl-4 text-right tabular-nums",
                        (figure === null || (drawing !== "lines" && !values[one.key])) && "text-ink-3",
                      )}
                    >
                      {figure ?? words.noData}
                    </td>
                  );
                })
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
