"use client";
import type { ChartSeries } from "@agent-factory/ui/chart";
import { ChartFrame } from "@agent-factory/ui/chart-frame";
import { Figure, Panel } from "@agent-factory/ui/panel";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { acceptedMetrics } from "./control.ts";
import { aboutOf } from "./headline.ts";
import { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import { ratioAxis } from "./ratio-axis.ts";
import { type ShownVerdict, VerdictWord } from "./rollout-state.tsx";
import { isOpenAbove, isOpenBelow, type MetricState, type RolloutPageView } from "./rollout-view.ts";
import { chartPoints, edgeOf, markersOf, startsOf } from "./timeline.ts";
import { verdictMessages } from "./verdict-messages.ts";
import { metricTitle, sureOf, timesOf, verdictSentence, whyUnjudged } from "./verdict-sentence.ts";

const HEIGHT = 164;

/** One metric: its verdict as a sentence, the figures behind it, and how the ratio was narrowed down over time. */
export function MetricPanel({
  metric,
  rollout,
  currency,
  now,
}: {
  metric: MetricState;
  rollout: RolloutPageView;
  currency: string | null;
  now: string;
}): ReactNode {
  const messages = useMessages(rolloutMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  const title = metricTitle(metric, currency, verdicts, format);
  const end = edgeOf(rollout, now);
  const points = chartPoints(metric, startsOf(rollout.events), end);
  const lead = <Lead metric={metric} rollout={rollout} currency={currency} />;
  if (whyUnjudged(metric, aboutOf(rollout, currency)) !== null && metric.series.length === 0) return <Panel title={title}>{lead}</Panel>;
  const sure = sureOf(rollout.plan.alpha, format);
  const alone = metric.baseline === null;
  const series: ChartSeries[] = [
    { key: "theta", label: messages.chartTheta, colour: "canary", shape: "line" },
    { key: "interval", label: messages.chartInterval(sure), colour: "canary", shape: "band", ends: ["lower", "upper"] },
  ];
  const limits = alone
    ? [{ value: 1, label: messages.promised, colour: "breached" as const }]
    : [
        { value: metric.tolerance, label: messages.tolerance, colour: "breached" as const },
        { value: metric.margin, label: messages.margin, colour: "healthy" as const },
      ];
  return (
    <ChartFrame
      title={title}
      lead={lead}
      words={messages}
      height={HEIGHT}
      drawing="lines"
      series={alone ? series.slice(1) : series}
      points={points}
      markers={markersOf(rollout, (weight) => percentOf(weight, format))}
      limits={limits}
      valueAxis={ratioAxis([
        ...points.flatMap(({ values }) => (values === null ? [] : Object.values(values))),
        ...limits.map(({ value }) => value),
      ])}
      formatAxis={spanMs(rollout.startedAt, end) < 20 * 60_000 ? format.time : format.hour}
      formatAt={format.dateTime}
      formatValue={(value) => messages.times(timesOf(value, format))}
      syncId={`rollout-${rollout.number}`}
    />
  );
}

function spanMs(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}

function Lead({ metric, rollout, currency }: { metric: MetricState; rollout: RolloutPageView; currency: string | null }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  const judged = whyUnjudged(metric, aboutOf(rollout, currency)) === null;
  const verdict: ShownVerdict = !judged
    ? "unjudged"
    : metric.verdict === "breached" && acceptedMetrics(rollout).includes(metric.name)
      ? "accepted"
      : metric.verdict;
  return (
    <div data-testid={`metric-${metric.name}`} data-verdict={verdict}>
      <p className="flex flex-wrap gap-x-2 text-sm">
        <VerdictWord verdict={verdict} />
        <span className="text-ink-3">· {messages[`onBreach_${metric.onBreach}`]}</span>
      </p>
      <p className="mt-1 text-pretty">{verdictSentence(metric, aboutOf(rollout, currency), verdicts, format)}</p>
      {judged ? <Figures metric={metric} rollout={rollout} /> : null}
    </div>
  );
}

function Figures({ metric, rollout }: { metric: MetricState; rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  const { baseline, canary, interval, samplesNeeded, verdict } = metric;
  const of = ({ units, samples }: MetricState["canary"]) => messages.outOf(format.number(units), format.number(samples));
  const share = ({ ratio }: MetricState["canary"]) => (ratio === null ? messages.noData : format.percent(ratio));
  const within = useInterval(interval);
  const theta = baseline?.ratio && canary.ratio !== null ? canary.ratio / baseline.ratio : null;
  return (
    <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-2 border-t border-line pt-2 sm:grid-cols-4">
      {baseline === null ? null : <Figure label={`${rollout.baseline} · ${messages.baseline}`} value={share(baseline)} of={of(baseline)} />}
      <Figure label={`${rollout.canary} · ${messages.canary}`} value={share(canary)} of={of(canary)} />
      <Figure
        label={baseline === null ? messages.ratioAlone : messages.ratio}
        value={theta === null ? (within ?? messages.noRatio) : messages.times(timesOf(theta, format))}
        {...(theta === null || within === null ? {} : { of: within })}
      />
      <Figure
        label={messages.needed}
        value={
          verdict !== "unknown"
            ? messages.neededNothing
            : samplesNeeded === null
              ? messages.neededUnknown
              : messages.neededAbout(format.number(samplesNeeded))
        }
        {...(verdict === "unknown" && samplesNeeded !== null ? { note: messages.samplesNote } : {})}
      />
    </dl>
  );
}

/** Where the ratio surely is, as short as it can be said; null where nothing bounds it. */
function useInterval(interval: MetricState["interval"]): string | null {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  if (interval === null) return null;
  const from = isOpenBelow(interval.lower) ? null : messages.times(timesOf(interval.lower, format));
  const to = isOpenAbove(interval.upper) ? null : messages.times(timesOf(interval.upper, format));
  if (from === null) return to === null ? null : `≤ ${to}`;
  return to === null ? `≥ ${from}` : `${from} – ${to}`;
}
