"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { Select } from "@agent-factory/ui/field";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { saveFile } from "@agent-factory/ui/save-file";
import { Skeleton, SkeletonRows } from "@agent-factory/ui/skeleton";
import { Coins, Download } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { BudgetsPanel, Holds } from "./budgets-panel.tsx";
import { CostChart, useUtcFormat } from "./cost-chart.tsx";
import { CostFigures } from "./cost-figures.tsx";
import { CostTable, rowsInOrder } from "./cost-table.tsx";
import { rowName } from "./cost-words.ts";
import { costsFile } from "./costs-file.ts";
import { costMessages } from "./messages.ts";
import { daysOf } from "./period.ts";
import { PeriodPicker } from "./period-picker.tsx";
import { PricesPanel } from "./prices-panel.tsx";
import { bases, type Costs, groupings } from "./usage-view.ts";
import { type CostsChoice, useCosts, useCostsChoice } from "./use-costs.ts";

/** What was spent, on what, why more than before, and what bounds it. What is shown stands in the address. */
export function CostsPage(): ReactNode {
  const messages = useMessages(costMessages);
  const utc = useUtcFormat();
  const choice = useCostsChoice();
  const { period, by, basis } = choice;
  const { allowed, reason } = useViewer().can("usage.read");
  const costs = useCosts(period, by, basis);
  const { first, last } = daysOf(period);
  if (!allowed) {
    return (
      <>
        <PageHeader title={messages.title} />
        <PageBody>
          <NotAllowed reason={reason} />
        </PageBody>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={messages.title}
        actions={
          <>
            <PeriodPicker
              period={period}
              shown={first === last ? utc.date(first) : `${utc.date(first)} – ${utc.date(last)}`}
              onChoose={choice.choosePeriod}
            />
            <Select
              label={messages.by}
              value={by}
              onValueChange={choice.chooseBy}
              options={groupings.map((value) => ({ value, label: messages[`by_${value}`] }))}
            />
            <Select
              label={messages.basis}
              value={basis}
              onValueChange={choice.chooseBasis}
              options={bases.map((value) => ({ value, label: messages[`basis_${value}`] }))}
            />
            <ExportButton costs={costs.data} choice={choice} />
          </>
        }
      />
      <PageBody>
        <p className="max-w-4xl text-pretty text-ink-2">
          {messages.lead} {basis === "allocated" ? messages.allocatedText : messages.usedText}
        </p>
        <Holds />
        {costs.isError ? (
          <QueryProblem title={messages.problem} error={costs.error} retry={() => void costs.refetch()} pending={costs.isFetching} />
        ) : costs.data ? (
          <Spent costs={costs.data} choice={choice} />
        ) : (
          <Loading label={messages.loading} />
        )}
        <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <BudgetsPanel />
          <PricesPanel />
        </div>
      </PageBody>
    </>
  );
}

function Spent({ costs, choice }: { costs: Costs; choice: CostsChoice }): ReactNode {
  const messages = useMessages(costMessages);
  const format = useFormat();
  const { period, by, basis } = choice;
  const ran = costs.rows.some(({ amount, runs }) => amount > 0 || runs > 0);
  if (!ran) {
    const before = costs.previousTotal ?? 0;
    return before === 0 && period.kind !== "custom" ? (
      <EmptyState
        icon={<Coins />}
        title={messages.emptyTitle}
        action={
          <LinkButton variant="primary">
            <Link href="/templates">{messages.emptyAction}</Link>
          </LinkButton>
        }
      >
        {messages.emptyText}
      </EmptyState>
    ) : (
      <EmptyState
        icon={<Coins />}
        title={messages.emptyPeriodTitle}
        action={<Button onClick={() => choice.choosePeriod("30d")}>{messages.emptyPeriodAction}</Button>}
      >
        {messages.emptyPeriodText(format.money(before, costs.currency))}
      </EmptyState>
    );
  }
  return (
    <>
      <CostFigures costs={costs} period={period} basis={basis} />
      <CostChart costs={costs} by={by} />
      <CostTable costs={costs} by={by} />
    </>
  );
}

function ExportButton({ costs, choice: { period, by, basis } }: { costs: Costs | undefined; choice: CostsChoice }): ReactNode {
  const messages = useMessages(costMessages);
  const nothing = costs === undefined || costs.rows.length === 0;
  return (
    <Button
      disabledReason={nothing ? messages.exportNothing : undefined}
      onClick={() => {
        if (!costs) return;
        const nameOf = (row: Costs["rows"][number]) => rowName(messages, by, row);
        const { name, text } = costsFile(rowsInOrder(costs, by), { period, by, basis, currency: costs.currency, nameOf });
        saveFile(name, "text/csv;charset=utf-8", text);
      }}
    >
      <Download aria-hidden />
      {messages.export}
    </Button>
  );
}

function Loading({ label }: { label: string }): ReactNode {
  return (
    <>
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {["spent", "used", "run", "forecast"].map((name) => (
          <Skeleton key={name} className="h-[86px] w-full rounded-md" />
        ))}
      </div>
      <Skeleton className="h-[291px] w-full rounded-md" />
      <SkeletonRows label={label} rows={3} />
    </>
  );
}
