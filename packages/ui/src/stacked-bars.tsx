"use client";
import { type ReactNode, useId } from "react";
import { Bar, BarChart, CartesianGrid, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { ChartProps } from "./chart.tsx";

/** Bars over time, one on another. Time without data is hatched: an empty place would say zero. Loaded by the chart frame alone. */
export function StackedBars(props: ChartProps): ReactNode {
  const { series, points, markers = [], formatAxis, formatValue, syncId } = props;
  const hatch = useId().replaceAll(/[^\w-]/g, "");
  const rows = points.map(({ at, values }) => ({ at, ...values }));
  const gaps = gapsOf(points);
  const last = series.at(-1)?.key;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart
        data={rows}
        // The table says the same to those who do not see it: the drawing is no place to go to.
        accessibilityLayer={false}
        {...(syncId === undefined ? {} : { syncId })}
        margin={{ top: 8, right: 0, bottom: 0, left: 0 }}
        barCategoryGap={2}
      >
        <defs>
          <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" fill="var(--unknown-soft)" />
            <line x1="0" y1="0" x2="0" y2="6" stroke="var(--line-strong)" strokeWidth="1" />
          </pattern>
        </defs>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="at"
          tickFormatter={formatAxis}
          tick={{ fill: "var(--ink-3)", fontSize: 11 }}
          tickLine={false}
          axisLine={{ stroke: "var(--line)" }}
          minTickGap={48}
        />
        <YAxis
          width="auto"
          allowDecimals={false}
          tickFormatter={formatValue}
          tick={{ fill: "var(--ink-3)", fontSize: 11 }}
          tickLine={false}
          axisLine={false}
        />
        {gaps.map(({ from, to }) => (
          <ReferenceArea key={from} x1={from} x2={to} fill={`url(#${hatch})`} fillOpacity={1} ifOverflow="extendDomain" />
        ))}
        {series.map(({ key, colour }) => (
          <Bar
            key={key}
            dataKey={key}
            stackId="all"
            fill={`var(--${colour})`}
            isAnimationActive={false}
            maxBarSize={40}
            {...(key === last ? { radius: [2, 2, 0, 0] as [number, number, number, number] } : {})}
          />
        ))}
        {markers.map(({ at, label }) => (
          <ReferenceLine
            key={`${at}${label}`}
            x={at}
            stroke="var(--ink-3)"
            strokeDasharray="2 3"
            label={{ value: label, position: "insideTopLeft", fill: "var(--ink-2)", fontSize: 11 }}
          />
        ))}
        <Tooltip
          cursor={{ fill: "var(--hover)" }}
          isAnimationActive={false}
          content={(shown) => <Figures {...props} at={String(shown.label)} active={shown.active} />}
        />
      </BarChart>
    </ResponsiveContainer>
  );
}

/** Stretches of time without data, first and last place included. */
function gapsOf(points: ChartProps["points"]): { from: string; to: string }[] {
  const gaps: { from: string; to: string }[] = [];
  points.forEach(({ at, values }, index) => {
    if (values !== null) return;
    const open = gaps.at(-1);
    if (open && points[index - 1]?.values === null) open.to = at;
    else gaps.push({ from: at, to: at });
  });
  return gaps;
}

function Figures({
  series,
  points,
  formatAt,
  formatValue,
  noData,
  at,
  active,
}: ChartProps & { at: string; active: boolean | undefined }): ReactNode {
  const point = active ? points.find((one) => one.at === at) : undefined;
  if (!point) return null;
  return (
    <div className="rounded-md border border-line bg-surface px-3 py-2 text-sm shadow-[var(--shadow)]">
      <p className="text-xs text-ink-3">{formatAt(point.at)}</p>
      {point.values === null ? (
        <p>{noData}</p>
      ) : (
        <dl className="mt-1 grid grid-cols-[auto_auto_auto] items-center gap-x-2">
          {series.map(({ key, label, colour }) => (
            <div key={key} className="contents">
              <span className="size-2.5 rounded-[3px]" style={{ background: `var(--${colour})` }} />
              <dt className="text-ink-2">{label}</dt>
              <dd className="m-0 pl-3 text-right font-medium tabular-nums">{formatValue(point.values?.[key] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
