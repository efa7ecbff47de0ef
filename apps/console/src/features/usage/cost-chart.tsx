"use client";
import type { ChartSeries, SeriesColour } from "@agent-factory/ui/chart";
import { ChartFrame } from "@agent-factory/ui/chart-frame";
import { type ReactNode, useMemo } from "react";
import { createFormat } from "../../i18n/format.ts";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { stackOf } from "./cost-change.ts";
import { rowName } from "./cost-words.ts";
import { costMessages } from "./messages.ts";
import { DAY_MS } from "./period.ts";
import { type Costs, type Grouping, OTHER } from "./usage-view.ts";

const COLOURS: readonly SeriesColour[] = ["series-1", "series-2", "series-3", "series-4", "series-5"];
const HEIGHT = 232;

/** What each day cost, the dearest first and the rest as one. Days are those of the roll-ups: UTC, for every reader. */
export function CostChart({ costs, by }: { costs: Costs; by: Grouping }): ReactNode {
  const messages = useMessages(costMessages);
  const format = useUtcFormat();
  const daily = costs.bucketSeconds * 1_000 >= DAY_MS;
  const { shown, rest } = stackOf(by === "day" ? [] : costs.rows, COLOURS.length);
  const keys = shown.map(({ key }) => key);
  const series: ChartSeries[] =
    by === "day"
      ? [{ key: "all", label: messages.chartTotal, colour: "series-1" }]
      : [
          ...shown.map((row, index) => ({ key: row.key, label: rowName(messages, by, row), colour: COLOURS[index] ?? "series-5" })),
          ...(rest.length === 0 ? [] : [{ key: OTHER, label: messages.others, colour: "series-5" as const }]),
        ];
  const points = costs.series.map(({ bucket, amounts }) => ({
    at: bucket,
    values: by === "day" ? sumOf(amounts) : stacked(amounts, keys),
  }));
  return (
    <ChartFrame
      title={daily ? messages.chartDays : messages.chartHours}
      words={{ table: messages.viewTable, chart: messages.viewChart, noData: messages.noData, time: messages.time }}
      height={HEIGHT}
      series={series}
      points={points}
      formatAxis={(at) => (daily ? format.day(at) : format.hour(at))}
      formatAt={(at) => (daily ? format.date(at) : format.dateTime(at))}
      formatValue={(micros) => format.money(micros, costs.currency)}
    />
  );
}

/** Formats for days that are UTC wherever the reader is. */
export function useUtcFormat() {
  const locale = useLocale();
  return useMemo(() => createFormat(locale, "UTC", 0), [locale]);
}

function sumOf(amounts: Readonly<Record<string, number>>): Record<string, number> {
  return { all: Object.values(amounts).reduce((sum, amount) => sum + amount, 0) };
}

function stacked(amounts: Readonly<Record<string, number>>, keys: readonly string[]): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [key, amount] of Object.entries(amounts)) {
    const place = keys.includes(key) ? key : OTHER;
    values[place] = (values[place] ?? 0) + amount;
  }
  return values;
}
