"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Figure, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { homeMessages } from "../../../features/home/messages.ts";
import { changeOf } from "../../../features/usage/cost-change.ts";
import { periodOf } from "../../../features/usage/period.ts";
import { useBudgets } from "../../../features/usage/use-budgets.ts";
import { useCosts } from "../../../features/usage/use-costs.ts";
import { useFormat, useMessages } from "../../../i18n/i18n.tsx";
import { QueryProblem } from "../../../trpc/failure.tsx";

/** This month beside the same days of the last one, and where it ends at this pace. */
export function CostsNow(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const [opened] = useState(() => Date.now());
  const costs = useCosts(periodOf("month", null, null, opened), "template", "allocated");
  const whole = useBudgets().data?.items.find((budget) => budget.templateName === null);
  if (costs.isError) return <QueryProblem title={messages.problemCosts} error={costs.error} retry={() => void costs.refetch()} />;
  const { data } = costs;
  const change = data === undefined ? null : changeOf({ amount: data.total, previous: data.previousTotal });
  const percent = change?.kind === "changed" ? format.percent(Math.abs(change.share), 0) : "";
  return (
    <Panel
      title={messages.costs}
      actions={
        <LinkButton variant="ghost" size="sm">
          <Link href="/costs?period=month">{messages.openCosts}</Link>
        </LinkButton>
      }
    >
      {data === undefined ? (
        <Skeleton className="h-14 w-full" />
      ) : (
        <dl className="grid grid-cols-1 gap-x-4 gap-y-3 sm:grid-cols-2 xl:grid-cols-1 2xl:grid-cols-2">
          <Figure
            label={messages.spentThisMonth}
            value={format.money(data.total, data.currency)}
            note={
              change?.kind === "changed"
                ? change.share > 0
                  ? messages.costsMore(percent)
                  : messages.costsLess(percent)
                : change?.kind === "same"
                  ? messages.costsSame
                  : messages.costsNew
            }
          />
          {whole?.forecastMicros == null ? null : (
            <Figure
              label={messages.forecast}
              value={format.money(whole.forecastMicros, whole.currency)}
              note={messages.forecastOf(format.money(whole.amountMicros, whole.currency))}
            />
          )}
        </dl>
      )}
    </Panel>
  );
}
