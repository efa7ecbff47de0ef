"use client";
/** One rollout: where it stands in a sentence, its steps, what each metric says, and what happened. */
import { LinkButton } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { Check, CircleDashed, CirclePause, DoorClosed, GitBranch, type LucideIcon, Undo2 } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useEffect, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { Controls } from "./controls.tsx";
import { type Headline, headlineOf } from "./headline.ts";
import { rolloutMessages } from "./messages.ts";
import { MetricPanel } from "./metric-panel.tsx";
import { RolloutEvents } from "./rollout-events.tsx";
import { RolloutFacts, RolloutPlan } from "./rollout-facts.tsx";
import { Move, RolloutStateBadge } from "./rollout-state.tsx";
import { isOver, type RolloutPageView } from "./rollout-view.ts";
import { Steps } from "./steps.tsx";
import { useCurrency } from "./use-currency.ts";
import { useRollout } from "./use-rollout.ts";
import { verdictMessages } from "./verdict-messages.ts";

/** A chart's right edge moves with the time so often, also when nothing new is known. */
const EDGE_MS = 5_000;

export function RolloutPage({ number }: { number: number }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const rollout = useRollout(number);
  if (rollout.data) return <Loaded rollout={rollout.data} />;
  return (
    <>
      <PageHeader breadcrumbs={crumbs(messages.title)} title={`#${number}`} />
      <PageBody>
        {rollout.isError ? (
          <>
            <QueryProblem error={rollout.error} retry={() => void rollout.refetch()} title={messages.notFoundTitle} />
            <div>
              <LinkButton>
                <Link href="/rollouts">{messages.backToRollouts}</Link>
              </LinkButton>
            </div>
          </>
        ) : (
          <div aria-busy className="flex flex-col gap-4">
            <Skeleton className="h-20 w-full rounded-md" />
            <Skeleton className="h-14 w-full rounded-md" />
            <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_320px]">
              <Skeleton className="h-80 w-full rounded-md" />
              <Skeleton className="h-64 w-full rounded-md" />
            </div>
          </div>
        )}
      </PageBody>
    </>
  );
}

function Loaded({ rollout }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const currency = useCurrency(rollout.metrics);
  const now = useEdge(!isOver(rollout), rollout);
  return (
    <>
      <PageHeader
        breadcrumbs={crumbs(messages.title)}
        title={
          <>
            <span className="sr-only">#{rollout.number} </span>
            {rollout.templateName} <span className="font-normal text-ink-2">{rollout.channel}</span>
          </>
        }
        badges={
          <>
            <Move baseline={rollout.baseline} canary={rollout.canary} />
            <RolloutStateBadge state={rollout.state} />
          </>
        }
        actions={<Controls rollout={rollout} />}
      />
      <PageBody>
        <Stand rollout={rollout} currency={currency} />
        <Steps rollout={rollout} />
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_320px]">
          <div className="flex min-w-0 flex-col gap-4">
            {rollout.metrics.map((metric) => (
              <MetricPanel key={metric.name} metric={metric} rollout={rollout} currency={currency} now={now} />
            ))}
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <RolloutEvents rollout={rollout} />
            <RolloutFacts rollout={rollout} />
            <RolloutPlan rollout={rollout} />
          </div>
        </div>
      </PageBody>
    </>
  );
}

const icons: Record<Headline["name"], LucideIcon> = {
  pending: CircleDashed,
  running: GitBranch,
  gate: DoorClosed,
  paused: CirclePause,
  completed: Check,
  "rolled-back": Undo2,
};

/** Alone, because its words change as time passes, and the page around it does not. */
function Stand({ rollout, currency }: { rollout: RolloutPageView; currency: string | null }): ReactNode {
  const words = { rollout: useMessages(rolloutMessages), verdict: useMessages(verdictMessages) };
  const format = useFormat();
  const { tone, name, title, text, quote } = headlineOf(rollout, currency, words, format);
  const Icon = icons[name];
  return (
    <div data-testid="headline" data-name={name}>
      <Notice tone={tone} icon={<Icon aria-hidden />} title={title}>
        {text}
        {quote === null ? null : <span className="[overflow-wrap:anywhere]"> {words.rollout.quoted(quote)}</span>}
      </Notice>
    </div>
  );
}

/** The present, as far as charts are concerned: with each news, and every few seconds. */
function useEdge(moves: boolean, news: RolloutPageView): string {
  const [now, setNow] = useState(() => latestOf(news));
  useEffect(() => {
    if (!moves) return;
    const tick = () => setNow(new Date().toISOString());
    tick();
    const timer = setInterval(tick, EDGE_MS);
    return () => clearInterval(timer);
  }, [moves]);
  return later(latestOf(news), now);
}

/** The newest moment that the registry told of: the same on the server and in the browser. */
function latestOf({ startedAt, events, metrics }: RolloutPageView): string {
  const moments = [startedAt, ...events.map(({ at }) => at), ...metrics.flatMap(({ series }) => series.map(({ at }) => at))];
  return moments.reduce(later);
}

function later(one: string, other: string): string {
  return one.localeCompare(other) > 0 ? one : other;
}

function crumbs(title: string): ReactNode[] {
  return [
    <Link key="rollouts" href="/rollouts">
      {title}
    </Link>,
  ];
}
