"use client";
import { Badge } from "@agent-factory/ui/badge";
import { LinkButton } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { Propose, planCrumbs } from "./plan-list.tsx";
import { planMessages } from "./plan-messages.ts";
import { PlanSignature } from "./plan-signature.tsx";
import { PlanSummary } from "./plan-summary.tsx";
import { shownPlan } from "./plan-words.ts";

/** It follows the publication within moments. */
const SIGNATURE_POLL_MS = 1_000;

/** One plan: its newest revision in words and as text, and the revisions before it. */
export function PlanPage({ name }: { name: string }): ReactNode {
  const messages = useMessages(planMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const plan = useQuery(
    trpc.plans.get.queryOptions(
      { name },
      { refetchInterval: ({ state }) => (state.data?.signature === "waiting" ? SIGNATURE_POLL_MS : false) },
    ),
  );
  return (
    <>
      <PageHeader
        breadcrumbs={planCrumbs(messages.rollouts, messages.title)}
        title={name}
        badges={
          plan.data ? (
            <>
              <Badge icon={null}>{messages.revision(plan.data.revision)}</Badge>
              <PlanSignature plan={plan.data} />
            </>
          ) : null
        }
        actions={plan.data ? <Propose name={name} /> : null}
      />
      <PageBody>
        {plan.isError ? (
          <>
            <QueryProblem error={plan.error} retry={() => void plan.refetch()} title={messages.notFoundTitle} />
            <div>
              <LinkButton>
                <Link href="/rollouts/plans">{messages.allPlans}</Link>
              </LinkButton>
            </div>
          </>
        ) : !plan.data ? (
          <div aria-busy className="grid gap-4 xl:grid-cols-2">
            <Skeleton className="h-64 w-full rounded-md" />
            <Skeleton className="h-64 w-full rounded-md" />
          </div>
        ) : (
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-2">
            <div className="flex min-w-0 flex-col gap-4">
              <Panel title={messages.inWords}>
                <p className="mb-2 font-semibold">{plan.data.title}</p>
                <PlanSummary plan={shownPlan(plan.data.plan)} />
              </Panel>
              <Panel title={messages.revisions}>
                <ol className="-my-1 flex flex-col divide-y divide-line">
                  {plan.data.revisions.map(({ revision, publishedAt }, at) => (
                    <li key={revision} className="flex items-center gap-2 py-2">
                      <span className="font-medium">{messages.revision(revision)}</span>
                      <time dateTime={publishedAt} title={format.dateTime(publishedAt)} className="flex-1 text-ink-3">
                        {messages.publishedOn(format.relative(publishedAt))}
                      </time>
                      {at === 0 ? <Badge tone="healthy">{messages.now}</Badge> : null}
                    </li>
                  ))}
                </ol>
              </Panel>
            </div>
            <Panel title={messages.text} padding="none">
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls sideways must be reachable by keyboard */}
              <pre tabIndex={0} className="overflow-x-auto px-4 py-3 font-mono text-sm leading-5 focus-visible:-outline-offset-2">
                {plan.data.source}
              </pre>
            </Panel>
          </div>
        )}
      </PageBody>
    </>
  );
}
