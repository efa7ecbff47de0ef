"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Checkbox, Field, Input, Select } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { levelsOf, microsOf, typedOf } from "./amounts.ts";
import { budgetMessages } from "./budget-messages.ts";
import { useCurrency } from "./prices-panel.tsx";
import type { Budget } from "./usage-view.ts";

/** No template is called this: names have no capitals. */
const EVERYTHING = "EVERYTHING";

/** Sets a budget, or changes one (`budget`), whose scope stays. */
export function BudgetDialog({
  budget,
  taken,
  onClose,
}: {
  budget: Budget | null;
  taken: readonly Budget[];
  onClose: () => void;
}): ReactNode {
  const messages = useMessages(budgetMessages);
  const locale = useLocale();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.saveFailed);
  const templates = useQuery(trpc.templates.list.queryOptions({}, { staleTime: 60_000, enabled: budget === null }));
  const currency = useCurrency();
  const [chosen, setChosen] = useState<string | null>(null);
  const [amount, setAmount] = useState(budget === null ? "" : typedOf(budget.amountMicros, locale));
  const [warns, setWarns] = useState(budget === null ? "50, 80" : budget.warnPercents.join(", "));
  const [stops, setStops] = useState(budget !== null && budget.stopPercent !== null);
  const [stop, setStop] = useState(String(budget?.stopPercent ?? 100));
  const [asked, setAsked] = useState(false);

  const free = [EVERYTHING, ...(templates.data?.items.map(({ name }) => name) ?? [])].filter(
    (scope) => !taken.some(({ templateName }) => (templateName ?? EVERYTHING) === scope),
  );
  const scope = budget === null ? (chosen ?? free[0] ?? null) : (budget.templateName ?? EVERYTHING);
  const nameOf = (one: string) => (one === EVERYTHING ? messages.everything : one);
  const amountMicros = microsOf(amount);
  const levels = levelsOf(warns);
  const stopLevels = levelsOf(stop);
  const stopPercent = !stops ? null : stopLevels?.length === 1 ? (stopLevels[0] ?? null) : undefined;
  const amountWrong = amountMicros === null || amountMicros === 0;

  const save = useMutation(
    trpc.usage.setBudget.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.saved(nameOf(scope ?? EVERYTHING)));
        onClose();
        await Promise.all([
          queries.invalidateQueries({ queryKey: trpc.usage.budgets.queryKey() }),
          queries.invalidateQueries({ queryKey: trpc.quotas.list.queryKey() }),
        ]);
      },
      onError: sayFailed,
    }),
  );
  const submit = () => {
    setAsked(true);
    if (scope === null || amountWrong || amountMicros === null || levels === null || stopPercent === undefined) return;
    save.mutate({
      ...(budget === null ? {} : { id: budget.id }),
      templateName: scope === EVERYTHING ? null : scope,
      amountMicros,
      warnPercents: [...levels],
      stopPercent,
    });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="sm"
      title={budget === null ? messages.dialogNew : messages.dialogEdit(nameOf(scope ?? EVERYTHING))}
      description={messages.dialogText}
      closeLabel={messages.cancel}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={save.isPending} disabledReason={scope === null ? messages.noScope : undefined}>
            {messages.save}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {budget !== null || scope === null ? null : (
          <Field label={messages.scope}>
            <Select value={scope} onValueChange={setChosen} options={free.map((value) => ({ value, label: nameOf(value) }))} />
          </Field>
        )}
        <Field label={messages.amount(currency)} error={asked && amountWrong ? messages.amountWrong : undefined} required>
          <Input inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} maxLength={20} />
        </Field>
        <Field label={messages.warns} hint={messages.warnsHint} error={asked && levels === null ? messages.warnsWrong : undefined}>
          <Input value={warns} onChange={(event) => setWarns(event.target.value)} maxLength={60} />
        </Field>
        <Checkbox checked={stops} onCheckedChange={setStops} hint={messages.stopsHint}>
          {messages.stops}
        </Checkbox>
        {stops ? (
          <Field label={messages.stopAt} error={asked && stopPercent === undefined ? messages.stopWrong : undefined} required>
            <Input inputMode="numeric" value={stop} onChange={(event) => setStop(event.target.value)} maxLength={6} />
          </Field>
        ) : null}
      </div>
    </Dialog>
  );
}
