"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { ChartFrame } from "@agent-factory/ui/chart-frame";
import { Panel } from "@agent-factory/ui/panel";
import Link from "next/link";
import type { ReactNode } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useUtcFormat } from "./cost-chart.tsx";
import { Meter, type MeterTone } from "./meter.tsx";
import { sloMessages } from "./slo-messages.ts";
import { burnState, isSlow, lastsMs, type SloState, sloState } from "./slo-state.ts";
import type { Slo } from "./usage-view.ts";

type Words = (typeof sloMessages)["en"];
const CHART_HEIGHT = 160;

export const sloTones: Record<SloState, BadgeTone & MeterTone> = {
  kept: "healthy",
  "at-risk": "warning",
  broken: "breached",
  unknown: "unknown",
};

/** One template's promise: its objective, what is left of its budget, how fast that goes and what ate it. */
export function SloPanel({ slo }: { slo: Slo }): ReactNode {
  const messages = useMessages(sloMessages);
  const format = useFormat();
  const utc = useUtcFormat();
  const state = sloState(slo);
  const tone = sloTones[state];
  const { objective, errorBudget } = slo;
  const left = errorBudget?.leftPercent ?? null;
  const percent = (value: number) => format.percent(value / 100);
  return (
    <Panel
      title={
        <>
          <Link href={`/templates/${slo.templateName}`} className="truncate rounded-sm hover:underline">
            {slo.templateName}
          </Link>
          <Badge tone={tone}>{messages[`state_${state}`]}</Badge>
        </>
      }
      actions={
        <Link
          href={`/templates/${slo.templateName}/versions/${slo.versionSemver}`}
          className="rounded-sm text-sm text-ink-3 hover:text-ink hover:underline"
        >
          {messages.promisedBy(slo.versionSemver)}
        </Link>
      }
    >
      <p className="text-pretty text-ink-2">{objectiveWords(messages, format, slo)}</p>
      <div className="mt-3 grid gap-x-8 gap-y-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <dl className="flex flex-col gap-4">
          <div>
            <dt className="text-xs text-ink-3">{messages.budget}</dt>
            <dd className="m-0 flex flex-col gap-1.5">
              <span className="text-xl font-semibold">
                {left === null ? "–" : left < 0 ? messages.overspent(percent(-left)) : messages.left(percent(left))}
              </span>
              {left === null ? null : <Meter percent={left} tone={tone} />}
              <span className="text-pretty text-ink-2">
                {errorBudget === null
                  ? messages.leftNotPromised
                  : slo.window.runs === 0
                    ? messages.leftNothing
                    : messages.leftText(
                        format.number(errorBudget.spent),
                        format.number(errorBudget.allowed, { maximumFractionDigits: errorBudget.allowed < 10 ? 1 : 0 }),
                        format.number(slo.window.runs),
                      )}
              </span>
            </dd>
          </div>
          {objective.availabilityPercent === null ? null : (
            <>
              <Rate label={messages.burn1h} rate={slo.burnRate1h} windowMs={objective.windowMs} />
              <Rate label={messages.burn24h} rate={slo.burnRate24h} windowMs={objective.windowMs} />
            </>
          )}
          <Line
            label={messages.p95}
            value={slo.latencyMsP95 === null ? "–" : format.durationMs(slo.latencyMsP95)}
            note={latencyWords(messages, format, slo)}
          />
        </dl>
        <div className="flex min-w-0 flex-col gap-4">
          {slo.series.length === 0 ? null : (
            <ChartFrame
              title={messages.chart}
              words={{ table: messages.viewTable, chart: messages.viewChart, noData: messages.noData, time: messages.time }}
              height={CHART_HEIGHT}
              drawing="lines"
              series={[{ key: "left", label: slo.templateName, colour: "series-1", shape: "line" }]}
              points={slo.series.map(({ bucket, leftPercent }) => ({
                at: bucket,
                values: leftPercent === null ? null : { left: leftPercent },
              }))}
              limits={[{ value: 0, label: messages.chartLimit, colour: "breached" }]}
              valueAxis={axisOf(slo)}
              formatAxis={(at) => utc.day(at)}
              formatAt={(at) => utc.date(at)}
              formatValue={(value) => format.percent(value / 100, 0)}
            />
          )}
          <div>
            <h3 className="text-xs text-ink-3">{messages.ate}</h3>
            {slo.ate.length === 0 ? (
              <p className="text-ink-2">{messages.ateNothing}</p>
            ) : (
              <ul className="mt-0.5 flex flex-wrap gap-x-5 gap-y-1">
                {slo.ate.map(({ label, href, bad }) => (
                  <li key={href}>
                    <Link href={href} className="rounded-sm font-mono text-accent hover:underline">
                      {label}
                    </Link>{" "}
                    <span className="text-ink-2">{messages.ateRuns(format.number(bad), bad)}</span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        </div>
      </div>
    </Panel>
  );
}

function objectiveWords(messages: Words, format: Format, { objective }: Slo): string {
  const { availabilityPercent, latencyMsP95, windowMs } = objective;
  const promises = [
    ...(availabilityPercent === null ? [] : [messages.availability(format.percent(availabilityPercent / 100, 3))]),
    ...(latencyMsP95 === null ? [] : [messages.latency(format.durationMs(latencyMsP95))]),
  ];
  const said = `${format.list(promises)}, ${messages.window(format.durationMs(windowMs))}.`;
  return said.slice(0, 1).toUpperCase() + said.slice(1);
}

function latencyWords(messages: Words, format: Format, slo: Slo): string {
  const target = slo.objective.latencyMsP95;
  if (target === null) return messages.p95None;
  const slow = isSlow(slo);
  if (slow === null) return messages.p95Unknown;
  return slow ? messages.p95Broken(format.durationMs(target)) : messages.p95Kept(format.durationMs(target));
}

function Rate({ label, rate, windowMs }: { label: string; rate: number | null; windowMs: number }): ReactNode {
  const messages = useMessages(sloMessages);
  const format = useFormat();
  const state = burnState(rate);
  const lasts = lastsMs(rate, windowMs);
  const said =
    state === "fast" || state === "burning"
      ? messages[`burn_${state}`](lasts === null ? "" : format.durationMs(lasts))
      : messages[`burn_${state}`];
  return (
    <Line
      label={label}
      value={rate === null ? "–" : `${format.number(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 })} ×`}
      note={said}
    />
  );
}

function Line({ label, value, note }: { label: string; value: string; note: string }): ReactNode {
  return (
    <div>
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="m-0 text-pretty">
        <span className="font-semibold">{value}</span> <span className="text-ink-2">{note}</span>
      </dd>
    </div>
  );
}

/** From nothing or below, to all of it; what is overspent more than twice is drawn at the edge. */
function axisOf({ series }: Slo) {
  const lowest = Math.min(0, ...series.map(({ leftPercent }) => leftPercent ?? 0));
  const from = Math.max(-200, Math.floor(lowest / 50) * 50);
  const ticks = Array.from({ length: (100 - from) / 50 + 1 }, (_, n) => from + n * 50);
  return { scale: "linear" as const, domain: [from, 100] as const, ticks };
}
