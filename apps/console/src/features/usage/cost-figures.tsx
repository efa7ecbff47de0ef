"use client";
import { Figure } from "@agent-factory/ui/panel";
import { skipToken, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { shareOf } from "./cost-change.ts";
import { changeSentence } from "./cost-words.ts";
import { costMessages } from "./messages.ts";
import type { Period } from "./period.ts";
import type { Basis, Costs } from "./usage-view.ts";
import { useCosts } from "./use-costs.ts";

/** The four figures that are looked for first. */
export function CostFigures({ costs, period, basis }: { costs: Costs; period: Period; basis: Basis }): ReactNode {
  const messages = useMessages(costMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const reads = useViewer().can("budgets.read").allowed;
  const versions = useCosts(period, "version", basis);
  const other = useCosts(period, "version", basis === "allocated" ? "used" : "allocated");
  const budgets = useQuery(trpc.usage.budgets.queryOptions(reads ? undefined : skipToken, { staleTime: 10_000 }));
  const money = (micros: number) => format.money(micros, costs.currency);
  const runs = costs.rows.reduce((sum, row) => sum + row.runs, 0);
  const change = changeSentence(messages, format, {
    period,
    total: costs.total,
    previous: costs.previousTotal,
    currency: costs.currency,
    versions: versions.data?.rows ?? [],
  });
  const [used, allocated] = basis === "used" ? [costs.total, other.data?.total] : [other.data?.total, costs.total];
  const whole = budgets.data?.items.find((budget) => budget.templateName === null);
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-4">
      <Card>
        <Figure label={messages.spent} value={money(costs.total)} note={change ?? ""} />
      </Card>
      <Card>
        <Figure
          label={messages.ofAllocated}
          // Without a cgroup a host measures nothing, which is not the same as nothing used.
          value={used === undefined || allocated === undefined || used === 0 ? "–" : format.percent(shareOf(used, allocated), 0)}
          note={used === 0 ? messages.ofAllocatedUnknown : costs.idle === null ? messages.idleUnknown : messages.idleIs(money(costs.idle))}
        />
      </Card>
      <Card>
        <Figure
          label={messages.perRun}
          value={runs === 0 ? "–" : money((1_000 * costs.total) / runs)}
          note={runs === 0 ? messages.perRunNone : messages.runsOf(format.number(runs), runs)}
        />
      </Card>
      <Card>
        <Figure
          label={messages.forecast}
          value={whole?.forecastMicros == null ? "–" : format.money(whole.forecastMicros, whole.currency)}
          note={
            whole === undefined
              ? messages.forecastNone
              : whole.forecastInterval === null
                ? messages.forecastUnknown
                : messages.forecastRange(
                    format.money(whole.forecastInterval.lower, whole.currency),
                    format.money(whole.forecastInterval.upper, whole.currency),
                  )
          }
        />
      </Card>
    </div>
  );
}

function Card({ children }: { children: ReactNode }): ReactNode {
  return <dl className="min-w-0 rounded-md border border-line bg-surface px-4 py-3">{children}</dl>;
}
