"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { skipToken, useQuery } from "@tanstack/react-query";
import { Clock } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { hourlyMicros } from "./amounts.ts";
import { priceMessages } from "./price-messages.ts";
import { PricesDialog } from "./prices-dialog.tsx";
import type { PriceBook } from "./usage-view.ts";

const DEFAULT_CLASS = "default";

export function usePrices() {
  const trpc = useTRPC();
  const reads = useViewer().can("prices.read").allowed;
  return useQuery(trpc.usage.prices.queryOptions(reads ? undefined : skipToken, { staleTime: 30_000 }));
}

/** What the tenant counts in. */
export function useCurrency(): string {
  return usePrices().data?.currency ?? "EUR";
}

/** What a second of work costs, said as what an hour of it does. */
export function PricesPanel(): ReactNode {
  const messages = useMessages(priceMessages);
  const format = useFormat();
  const viewer = useViewer();
  const prices = usePrices();
  const [setting, setSetting] = useState(false);
  if (!viewer.can("prices.read").allowed) return null;
  if (prices.isError) return <QueryProblem title={messages.problem} error={prices.error} retry={() => void prices.refetch()} />;
  const book = prices.data;
  return (
    <Panel
      title={messages.title}
      actions={
        <Button
          size="sm"
          disabledReason={viewer.can("prices.set").reason ?? (book === undefined ? messages.loading : undefined)}
          onClick={() => setSetting(true)}
        >
          {messages.set}
        </Button>
      }
    >
      {book === undefined ? (
        <div role="status" aria-label={messages.loading}>
          <Skeleton className="h-28 w-full" />
        </div>
      ) : (
        <>
          <p className="text-pretty text-ink-2">
            {book.revision === 0 || book.validFrom === null
              ? messages.default
              : messages.since(book.revision, format.dateTime(book.validFrom))}
          </p>
          <dl className="mt-3 grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1.5">
            {linesOf(messages, format, book).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-ink-2">{name}</dt>
                <dd className="m-0 text-right font-medium tabular-nums">{value}</dd>
              </div>
            ))}
          </dl>
          <p className="mt-3 text-sm text-pretty text-ink-3">
            {messages.keeps} {Object.keys({ ...book.prices.gpuSecond, ...book.prices.tokens }).length === 0 ? null : messages.notYetCounted}
          </p>
          {book.history.length === 0 ? null : <History book={book} />}
        </>
      )}
      {setting && book !== undefined ? <PricesDialog book={book} onClose={() => setSetting(false)} /> : null}
    </Panel>
  );
}

function linesOf(
  messages: (typeof priceMessages)["en"],
  format: Format,
  { prices, currency }: PriceBook,
): readonly (readonly [string, string])[] {
  const hour = (micros: number) => format.money(Math.round(hourlyMicros(micros)), currency);
  return [
    [messages.coreHour, hour(prices.cpuSecond)],
    [messages.gibHour, hour(prices.memoryGibSecond)],
    ...Object.entries(prices.hostHour).map(
      ([name, micros]) => [name === DEFAULT_CLASS ? messages.hostHour : messages.hostHourOf(name), format.money(micros, currency)] as const,
    ),
    ...Object.entries(prices.gpuSecond).map(([name, micros]) => [messages.gpuHour(name), hour(micros)] as const),
    ...Object.entries(prices.tokens).flatMap(([model, { in: read, out }]) => [
      [messages.tokensIn(model), format.money(read, currency)] as const,
      [messages.tokensOut(model), format.money(out, currency)] as const,
    ]),
  ];
}

function History({ book }: { book: PriceBook }): ReactNode {
  const messages = useMessages(priceMessages);
  const format = useFormat();
  const [opened] = useState(() => Date.now());
  const hour = (micros: number) => format.money(Math.round(hourlyMicros(micros)), book.currency);
  return (
    <details className="mt-3 border-t border-line pt-3">
      <summary className="cursor-pointer rounded-sm text-sm font-medium text-ink-2 hover:text-ink">{messages.history}</summary>
      <ol className="mt-2 flex flex-col gap-2">
        {book.history.map(({ revision, prices, validFrom, createdByName }) => (
          <li key={revision} className="text-sm">
            <span className="flex flex-wrap items-center gap-2">
              {messages.historyLine(revision, format.dateTime(validFrom))}
              {revision === book.revision ? <Badge tone="healthy">{messages.inForce}</Badge> : null}
              {Date.parse(validFrom) > opened ? (
                <Badge tone="neutral" icon={<Clock aria-hidden />}>
                  {messages.later}
                </Badge>
              ) : null}
            </span>
            <span className="block text-ink-3">
              {messages.historyPrices(hour(prices.cpuSecond), hour(prices.memoryGibSecond))}
              {createdByName === null ? null : ` · ${messages.historyBy(createdByName)}`}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
