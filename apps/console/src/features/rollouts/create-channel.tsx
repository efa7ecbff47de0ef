"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Input, Select } from "@agent-factory/ui/field";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { channelMessages } from "./channel-messages.ts";

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function CreateChannel({ templateName, onClose }: { templateName: string; onClose: () => void }): ReactNode {
  const messages = useMessages(channelMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState("");
  const [asked, setAsked] = useState(false);
  const plans = useQuery(trpc.plans.list.queryOptions());
  const planName = chosen === "" ? (plans.data?.items[0]?.name ?? "") : chosen;
  const sound = NAME.test(name);
  const create = useMutation(
    trpc.channels.create.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.created(name));
        await queries.invalidateQueries({ queryKey: trpc.channels.pathKey() });
        onClose();
      },
    }),
  );
  return (
    <Dialog
      open
      size="sm"
      onOpenChange={(open) => (open || create.isPending ? undefined : onClose())}
      title={messages.createTitle(templateName)}
      description={messages.createText}
      closeLabel={messages.close}
      onSubmit={() => {
        setAsked(true);
        if (sound && planName !== "" && !create.isPending) create.mutate({ templateName, name, planName });
      }}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button
            type="submit"
            variant="primary"
            loading={create.isPending}
            disabledReason={plans.data?.items.length === 0 ? messages.planNone : undefined}
          >
            {messages.create}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.name} hint={messages.nameHint} required error={asked && !sound ? messages.nameNeeded : undefined}>
          <Input value={name} autoFocus mono onChange={(event) => setName(event.target.value)} maxLength={63} />
        </Field>
        {plans.isError ? (
          <QueryProblem error={plans.error} retry={() => void plans.refetch()} />
        ) : !plans.data ? (
          <Skeleton className="h-14 w-full" />
        ) : plans.data.items.length === 0 ? (
          <p className="text-ink-2">
            {messages.planNone}{" "}
            <Link href="/rollouts/plans" className="rounded-sm text-accent hover:underline">
              {messages.plansLink}
            </Link>
          </p>
        ) : (
          <Field label={messages.planLabel} hint={messages.planHint} required>
            <Select
              value={planName}
              onValueChange={setChosen}
              options={plans.data.items.map((plan) => ({ value: plan.name, label: plan.name, note: plan.title }))}
            />
          </Field>
        )}
        {create.error ? <QueryProblem error={create.error} title={messages.create} /> : null}
      </div>
    </Dialog>
  );
}
