"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Panel } from "@agent-factory/ui/panel";
import { CircleSlash, TrendingUp } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { homeMessages } from "../../../features/home/messages.ts";
import { Rows } from "../../../features/home/my-drafts.tsx";
import { type BudgetState, budgetState, isAtRisk } from "../../../features/usage/budget-state.ts";
import { sloState } from "../../../features/usage/slo-state.ts";
import { useBudgets } from "../../../features/usage/use-budgets.ts";
import { useSlos } from "../../../features/usage/use-slos.ts";
import { useFormat, useMessages } from "../../../i18n/i18n.tsx";
import { QueryProblem } from "../../../trpc/failure.tsx";

const line = "relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60";
const link = "rounded-sm font-semibold after:absolute after:inset-0 hover:underline";
const icons: Partial<Record<BudgetState, ReactNode>> = {
  held: <CircleSlash aria-hidden />,
  "heading-over": <TrendingUp aria-hidden />,
};

/** Budgets and promises that somebody should look at; one sentence when there are none. */
export function AtRisk(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const budgets = useBudgets();
  const slos = useSlos();
  const failed = budgets.isError ? budgets : slos.isError ? slos : null;
  if (failed) return <QueryProblem title={messages.problemRisks} error={failed.error} retry={() => void failed.refetch()} />;
  const over = budgets.data?.items.filter(isAtRisk);
  const promises = slos.data?.items.filter((slo) => ["broken", "at-risk"].includes(sloState(slo)));
  return (
    <Panel title={messages.atRisk} padding="none">
      {over === undefined || promises === undefined ? (
        <Rows count={1} />
      ) : over.length + promises.length === 0 ? (
        <p className="px-4 py-4 text-pretty text-ink-2">
          {budgets.data?.items.length === 0 && slos.data?.items.length === 0 ? messages.nothingToRisk : messages.nothingAtRisk}
        </p>
      ) : (
        <ul>
          {over.map((budget) => {
            const state = budgetState(budget);
            const icon = icons[state];
            return (
              <li key={budget.id} className={line}>
                <span className="min-w-0 flex-1">
                  <Link href="/costs#budgets" className={link}>
                    {messages.budgetOf(budget.templateName)}
                  </Link>
                  <span className="block truncate text-sm text-ink-3">
                    {messages.budgetSpent(
                      format.money(budget.spentMicros, budget.currency),
                      format.money(budget.amountMicros, budget.currency),
                      format.percent(budget.spentPercent / 100, 0),
                    )}
                  </span>
                </span>
                <Badge tone={state === "over" || state === "held" ? "breached" : "warning"} {...(icon === undefined ? {} : { icon })}>
                  {messages[`budget_${state}`]}
                </Badge>
              </li>
            );
          })}
          {promises.map((slo) => (
            <li key={slo.templateName} className={line}>
              <span className="min-w-0 flex-1">
                <Link href="/slos" className={link}>
                  {messages.promiseOf(slo.templateName)}
                </Link>
                <span className="block truncate text-sm text-ink-3">{promiseText(messages, format, slo)}</span>
              </span>
              {sloState(slo) === "broken" ? (
                <Badge tone="breached">{messages.promise_broken}</Badge>
              ) : (
                <Badge tone="warning">{messages["promise_at-risk"]}</Badge>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function promiseText(
  messages: (typeof homeMessages)["en"],
  format: ReturnType<typeof useFormat>,
  { errorBudget }: { readonly errorBudget: { readonly leftPercent: number | null } | null },
): string {
  const left = errorBudget?.leftPercent ?? null;
  if (left === null) return messages.promiseSlow;
  return left < 0 ? messages.promiseOver(format.percent(-left / 100, 0)) : messages.promiseLeft(format.percent(left / 100, 0));
}
