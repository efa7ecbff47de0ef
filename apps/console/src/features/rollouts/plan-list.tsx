"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { useQuery } from "@tanstack/react-query";
import { Route } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { percentOf } from "./percent.ts";
import { planMessages } from "./plan-messages.ts";
import type { PlanRow } from "./rollout-view.ts";
import { verdictMessages } from "./verdict-messages.ts";

/** Every plan in its newest revision. */
export function PlanList(): ReactNode {
  const messages = useMessages(planMessages);
  const trpc = useTRPC();
  const plans = useQuery(trpc.plans.list.queryOptions());
  const columns = useColumns();
  return (
    <>
      <PageHeader breadcrumbs={planCrumbs(messages.rollouts, null)} title={messages.title} actions={<Propose name={null} />} />
      <PageBody>
        {plans.isPending ? (
          <SkeletonRows rows={3} label={messages.title} />
        ) : plans.isError ? (
          <QueryProblem error={plans.error} retry={() => void plans.refetch()} />
        ) : plans.data.items.length === 0 ? (
          <EmptyState icon={<Route />} title={messages.empty} action={<Propose name={null} />}>
            {messages.emptyText}
          </EmptyState>
        ) : (
          <Table label={messages.title} columns={columns} rows={plans.data.items} rowKey={(plan) => plan.name} />
        )}
      </PageBody>
    </>
  );
}

/** The way to the editor, for a new plan or a change of one. */
export function Propose({ name }: { name: string | null }): ReactNode {
  const messages = useMessages(planMessages);
  const viewer = useViewer();
  const permission = viewer.can("plans.propose");
  const words = name === null ? messages.propose : messages.proposeChange;
  if (!permission.allowed) return <Button disabledReason={permission.reason}>{words}</Button>;
  return (
    <LinkButton variant="primary">
      <Link href={name === null ? "/rollouts/propose" : `/rollouts/propose?plan=${name}`}>{words}</Link>
    </LinkButton>
  );
}

export function planCrumbs(rollouts: string, plans: string | null): ReactNode[] {
  return [
    <Link key="rollouts" href="/rollouts">
      {rollouts}
    </Link>,
    ...(plans === null
      ? []
      : [
          <Link key="plans" href="/rollouts/plans">
            {plans}
          </Link>,
        ]),
  ];
}

function useColumns(): Column<PlanRow>[] {
  const messages = useMessages(planMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  return [
    {
      key: "plan",
      header: messages.columnPlan,
      className: "w-full min-w-40",
      cell: (row) => (
        <RowLink note={row.title}>
          <Link href={`/rollouts/plans/${row.name}`}>{row.name}</Link>
        </RowLink>
      ),
    },
    { key: "revision", header: messages.columnRevision, align: "right", cell: ({ revision }) => format.number(revision) },
    {
      key: "steps",
      header: messages.columnSteps,
      from: "sm",
      cell: ({ plan }) => (
        <span className="whitespace-nowrap">{plan.steps.map(({ weight }) => percentOf(weight, format)).join(" → ")}</span>
      ),
    },
    {
      key: "metrics",
      header: messages.columnMetrics,
      from: "md",
      cell: ({ plan }) => (
        <span className="whitespace-nowrap text-ink-2">{format.list(plan.metrics.map(({ name }) => verdicts[name].toLowerCase()))}</span>
      ),
    },
    {
      key: "published",
      header: messages.columnPublished,
      from: "lg",
      cell: ({ publishedAt }) => (
        <time dateTime={publishedAt} title={format.dateTime(publishedAt)} className="whitespace-nowrap text-ink-2">
          {format.relative(publishedAt)}
        </time>
      ),
    },
  ];
}
