"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleSlash, TrendingUp } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { BudgetDialog } from "./budget-dialog.tsx";
import { budgetMessages } from "./budget-messages.ts";
import { type BudgetState, budgetState } from "./budget-state.ts";
import { forecastWords, levelWords, scopeOf, spentWords } from "./budget-words.ts";
import { Meter, type MeterTone } from "./meter.tsx";
import type { Budget } from "./usage-view.ts";
import { useBudgets } from "./use-budgets.ts";

const AGAIN_MS = 15_000;

const looks: Record<BudgetState, { badge: BadgeTone; meter: MeterTone; icon?: ReactNode }> = {
  within: { badge: "healthy", meter: "accent" },
  "heading-over": { badge: "warning", meter: "warning", icon: <TrendingUp aria-hidden /> },
  warned: { badge: "warning", meter: "warning" },
  over: { badge: "breached", meter: "breached" },
  held: { badge: "breached", meter: "breached", icon: <CircleSlash aria-hidden /> },
};

/** What may be spent this month, how far that is, and where it ends at this pace. */
export function BudgetsPanel(): ReactNode {
  const messages = useMessages(budgetMessages);
  const viewer = useViewer();
  const budgets = useBudgets();
  const [editing, setEditing] = useState<Budget | "new" | null>(null);
  const [removing, setRemoving] = useState<Budget | null>(null);
  if (!viewer.can("budgets.read").allowed) return null;
  if (budgets.isError) return <QueryProblem title={messages.problem} error={budgets.error} retry={() => void budgets.refetch()} />;
  const may = viewer.can("budgets.set");
  return (
    <Panel
      id="budgets"
      title={messages.title}
      padding="none"
      actions={
        <Button size="sm" disabledReason={may.reason} onClick={() => setEditing("new")}>
          {messages.set}
        </Button>
      }
    >
      {budgets.data === undefined ? (
        <div role="status" aria-label={messages.loading} className="flex h-[84px] items-center px-4">
          <Skeleton className="h-4 w-full" />
        </div>
      ) : budgets.data.items.length === 0 ? (
        <p className="max-w-[60ch] px-4 py-5 text-pretty text-ink-2">
          {messages.emptyText} {may.allowed ? null : messages.emptyAsk}
        </p>
      ) : (
        <ul>
          {budgets.data.items.map((budget) => (
            <BudgetLine key={budget.id} budget={budget} onEdit={() => setEditing(budget)} onRemove={() => setRemoving(budget)} />
          ))}
        </ul>
      )}
      {editing === null ? null : (
        <BudgetDialog budget={editing === "new" ? null : editing} taken={budgets.data?.items ?? []} onClose={() => setEditing(null)} />
      )}
      {removing === null ? null : <RemoveDialog budget={removing} onClose={() => setRemoving(null)} />}
    </Panel>
  );
}

function BudgetLine({ budget, onEdit, onRemove }: { budget: Budget; onEdit: () => void; onRemove: () => void }): ReactNode {
  const messages = useMessages(budgetMessages);
  const format = useFormat();
  const may = useViewer().can("budgets.set");
  const state = budgetState(budget);
  const { badge, meter, icon } = looks[state];
  const scope = scopeOf(messages, budget);
  const marks = [...budget.warnPercents, ...(budget.stopPercent === null ? [] : [budget.stopPercent])];
  return (
    <li data-testid="budget" className="flex flex-col gap-2 border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-semibold">
          {budget.templateName === null ? (
            scope
          ) : (
            <Link href={`/templates/${budget.templateName}`} className="rounded-sm hover:underline">
              {scope}
            </Link>
          )}
        </span>
        <Badge tone={badge} {...(icon === undefined ? {} : { icon })}>
          {messages[`state_${state}`]}
        </Badge>
        <span className="ml-auto flex items-center gap-1">
          <Button size="sm" variant="ghost" aria-label={messages.editOf(scope)} disabledReason={may.reason} onClick={onEdit}>
            {messages.edit}
          </Button>
          <Button size="sm" variant="ghost" aria-label={messages.removeOf(scope)} disabledReason={may.reason} onClick={onRemove}>
            {messages.remove}
          </Button>
        </span>
      </div>
      <Meter percent={budget.spentPercent} tone={meter} marks={marks} full={Math.max(100, ...marks)} />
      <p className="text-pretty">
        {spentWords(messages, format, budget)}
        <span className="text-ink-2"> · {forecastWords(messages, format, budget)}</span>
      </p>
      <p className="text-sm text-ink-3">{levelWords(messages, format, budget)}</p>
    </li>
  );
}

function RemoveDialog({ budget, onClose }: { budget: Budget; onClose: () => void }): ReactNode {
  const messages = useMessages(budgetMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.removeFailed);
  const scope = scopeOf(messages, budget);
  const remove = useMutation(
    trpc.usage.removeBudget.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.removed(scope));
        onClose();
        await Promise.all([
          queries.invalidateQueries({ queryKey: trpc.usage.budgets.queryKey() }),
          queries.invalidateQueries({ queryKey: trpc.quotas.list.queryKey() }),
        ]);
      },
      onError: sayFailed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.removeTitle(scope)}
      affects={messages.removeText}
      confirmLabel={messages.removeConfirm}
      cancelLabel={messages.cancel}
      pending={remove.isPending}
      onConfirm={() => remove.mutate({ id: budget.id })}
    />
  );
}

/** What refuses new runs now, why, and who can let them in again. */
export function Holds(): ReactNode {
  const messages = useMessages(budgetMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const reads = viewer.can("quotas.read").allowed;
  const holds = useQuery(trpc.quotas.list.queryOptions(reads ? undefined : skipToken, { refetchInterval: AGAIN_MS, staleTime: 5_000 }));
  const budgets = useBudgets();
  const [releasing, setReleasing] = useState<string | null>(null);
  if (holds.isError) return <QueryProblem title={messages.problemHolds} error={holds.error} retry={() => void holds.refetch()} />;
  const may = viewer.can("quotas.release");
  return (
    <>
      {(holds.data?.items ?? []).map((hold) => {
        const budget = budgets.data?.items.find(({ id }) => hold.source === `budget:${id}`);
        const stop = budget?.stopPercent ?? null;
        return (
          <Notice
            key={hold.id}
            tone="breached"
            icon={<CircleSlash aria-hidden />}
            title={hold.templateName === null ? messages.heldAll : messages.heldTitle(hold.templateName)}
            actions={
              <Button disabledReason={may.reason} onClick={() => setReleasing(hold.id)}>
                {messages.release}
              </Button>
            }
          >
            {stop === null ? messages.heldReason(hold.reason) : messages.heldBudget(format.percent(stop / 100, 0))}{" "}
            {messages.heldSince(format.dateTime(hold.since))} {stop === null ? null : messages.heldWays}
            {may.reason === undefined ? null : ` ${may.reason}`}
          </Notice>
        );
      })}
      {releasing === null ? null : <ReleaseDialog holdId={releasing} onClose={() => setReleasing(null)} />}
    </>
  );
}

function ReleaseDialog({ holdId, onClose }: { holdId: string; onClose: () => void }): ReactNode {
  const messages = useMessages(budgetMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.releaseFailed);
  const release = useMutation(
    trpc.quotas.release.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.released);
        onClose();
        await Promise.all([
          queries.invalidateQueries({ queryKey: trpc.quotas.list.queryKey() }),
          queries.invalidateQueries({ queryKey: trpc.usage.budgets.queryKey() }),
        ]);
      },
      onError: sayFailed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      tone="primary"
      title={messages.releaseTitle}
      affects={messages.releaseText}
      confirmLabel={messages.releaseConfirm}
      cancelLabel={messages.cancel}
      pending={release.isPending}
      onConfirm={() => release.mutate({ holdId })}
    />
  );
}
