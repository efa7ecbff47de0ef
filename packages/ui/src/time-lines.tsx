"use client";
import { type ReactNode, useId } from "react";
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { ChartPoint, ChartProps, ValueAxis } from "./chart.tsx";
import { figureOf } from "./chart-figures.ts";
import { gapsOf, timeTicks } from "./time-axis.ts";

const TICKS_MAX = 6;
const TICK = { fill: "var(--ink-3)", fontSize: 11 } as const;

/**
 * Lines and bands over continuous time. A value holds until the next point, so every change stands where it was seen and nothing is drawn
 * between two looks that nobody saw. Loaded by the chart frame alone.
 */
export function TimeLines(props: ChartProps): ReactNode {
  const { series, points, markers = [], limits = [], valueAxis, formatAxis, formatValue, syncId } = props;
  const hatch = useId().replaceAll(/[^\w-]/g, "");
  const rows = points.map((point) => rowOf(point, props));
  const [from, to] = [rows[0]?.at ?? 0, rows.at(-1)?.at ?? 0];
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ComposedChart
        data={rows}
        // The table says the same to those who do not see it: the drawing is no place to go to.
        accessibilityLayer={false}
        {...(syncId === undefined
          ? {}
          : { syncId, syncMethod: (ticks: readonly { value: number }[], { activeLabel }) => lastBefore(ticks, Number(activeLabel)) })}
        margin={{ top: 14, right: 4, bottom: 0, left: 0 }}
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
          type="number"
          scale="time"
          domain={[from, to]}
          ticks={timeTicks(from, to, TICKS_MAX)}
          tickFormatter={(at: number) => formatAxis(new Date(at).toISOString())}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: "var(--line)" }}
          minTickGap={24}
        />
        <YAxis
          width={44}
          {...(valueAxis === undefined
            ? {}
            : { scale: valueAxis.scale, domain: [...valueAxis.domain], ticks: [...valueAxis.ticks], allowDataOverflow: true })}
          interval={0}
          tickFormatter={formatValue}
          tick={TICK}
          tickLine={false}
          axisLine={false}
        />
        {gapsOf(points).map((gap) => (
          <ReferenceArea key={gap.from} x1={gap.from} x2={gap.to} fill={`url(#${hatch})`} fillOpacity={1} />
        ))}
        {series.map(({ key, colour, shape }) =>
          shape === "band" ? (
            <Area
              key={key}
              dataKey={key}
              type="stepAfter"
              stroke="none"
              fill={`var(--${colour})`}
              fillOpacity={0.18}
              activeDot={false}
              isAnimationActive={false}
            />
          ) : (
            <Line
              key={key}
              dataKey={key}
              type="stepAfter"
              stroke={`var(--${colour})`}
              strokeWidth={1.75}
              {...(shape === "dashed" ? { strokeDasharray: "5 3" } : {})}
              dot={false}
              isAnimationActive={false}
            />
          ),
        )}
        {limits.map(({ value, label, colour }, at) => (
          <ReferenceLine
            key={label}
            y={value}
            stroke={`var(--${colour})`}
            strokeDasharray="3 3"
            // The first below its line and the others above: two that are close do not cover each other's words.
            label={{
              value: label,
              position: at === 0 && limits.length > 1 ? "insideTopLeft" : "insideBottomLeft",
              fill: "var(--ink-2)",
              fontSize: 11,
            }}
          />
        ))}
        {markers.map(({ at, label }) => (
          <ReferenceLine
            key={`${at}${label}`}
            x={Date.parse(at)}
            stroke="var(--line-strong)"
            label={{
              value: label,
              position: isLate(Date.parse(at), from, to) ? "insideTopRight" : "insideTopLeft",
              fill: "var(--ink-2)",
              fontSize: 11,
              dy: -14,
            }}
          />
        ))}
        <Tooltip
          cursor={{ stroke: "var(--ink-3)" }}
          isAnimationActive={false}
          content={({ active, label }) => <Figures {...props} at={Number(label)} active={active} />}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

/** So far at the right that its words would be cut off. */
function isLate(at: number, from: number, to: number): boolean {
  return at > from + (to - from) * 0.9;
}

type Row = { readonly at: number } & { readonly [key: string]: number | [number, number] | null };

function rowOf({ at, values }: ChartPoint, { series, valueAxis }: ChartProps): Row {
  const row: Record<string, number | [number, number] | null> = {};
  for (const { key, ends } of series) {
    if (ends) {
      const [low, high] = [values?.[ends[0]], values?.[ends[1]]];
      row[key] = low === undefined || high === undefined ? null : [within(valueAxis, low), within(valueAxis, high)];
    } else {
      const value = values?.[key];
      row[key] = value === undefined ? null : within(valueAxis, value);
    }
  }
  return { ...row, at: Date.parse(at) };
}

function within(axis: ValueAxis | undefined, value: number): number {
  return axis === undefined ? value : Math.min(axis.domain[1], Math.max(axis.domain[0], value));
}

function lastBefore(ticks: readonly { value: number }[], at: number): number {
  return ticks.findLastIndex(({ value }) => value <= at);
}

function Figures({
  series,
  points,
  formatAt,
  formatValue,
  noData,
  at,
  active,
}: ChartProps & { at: number; active: boolean | undefined }): ReactNode {
  const point = active ? points.find((one) => Date.parse(one.at) === at) : undefined;
  if (!point) return null;
  const { values } = point;
  return (
    <div className="rounded-md border border-line bg-surface px-3 py-2 text-sm shadow-[var(--shadow)]">
      <p className="text-xs text-ink-3">{formatAt(point.at)}</p>
      {values === null ? (
        <p>{noData}</p>
      ) : (
        <dl className="mt-1 grid grid-cols-[auto_auto] items-center gap-x-4">
          {series.map((one) => (
            <div key={one.key} className="contents">
              <dt className="text-ink-2">{one.label}</dt>
              <dd className="m-0 text-right font-medium tabular-nums">{figureOf(one, values, "lines", formatValue) ?? noData}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
