"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Input, Select } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLocale, useMessages, useTimeZone } from "../../i18n/i18n.tsx";
import { instantOf } from "../../i18n/zoned-time.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { hourlyMicros, microsOf, secondlyMicros, typedOf } from "./amounts.ts";
import { priceMessages } from "./price-messages.ts";
import type { PriceBook } from "./usage-view.ts";

const BEGINS = ["now", "moment"] as const;
const DEFAULT_CLASS = "default";

/** Adds prices to the book. Those that are not asked for here (of GPUs, models and classes of hosts) stay as they are. */
export function PricesDialog({ book, onClose }: { book: PriceBook; onClose: () => void }): ReactNode {
  const messages = useMessages(priceMessages);
  const locale = useLocale();
  const zone = useTimeZone();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.saveFailed);
  const { prices, currency } = book;
  const hourTyped = (micros: number) => typedOf(Math.round(hourlyMicros(micros)), locale);
  const [core, setCore] = useState(hourTyped(prices.cpuSecond));
  const [gib, setGib] = useState(hourTyped(prices.memoryGibSecond));
  const [host, setHost] = useState(typedOf(prices.hostHour[DEFAULT_CLASS] ?? 0, locale));
  const [begins, setBegins] = useState<(typeof BEGINS)[number]>("now");
  const [moment, setMoment] = useState("");
  const [asked, setAsked] = useState(false);
  const from = begins === "now" ? null : instantOf(moment, zone);
  const momentWrong = begins === "moment" && (from === null || Date.parse(from) <= Date.now());
  const amounts = { core: microsOf(core), gib: microsOf(gib), host: microsOf(host) };

  const save = useMutation(
    trpc.usage.setPrices.mutationOptions({
      onSuccess: async ({ revision }) => {
        toast.success(messages.saved(revision));
        onClose();
        await queries.invalidateQueries({ queryKey: trpc.usage.prices.queryKey() });
      },
      onError: sayFailed,
    }),
  );
  const submit = () => {
    setAsked(true);
    if (amounts.core === null || amounts.gib === null || amounts.host === null || momentWrong) return;
    save.mutate({
      currency,
      prices: {
        ...prices,
        cpuSecond: secondlyMicros(amounts.core),
        memoryGibSecond: secondlyMicros(amounts.gib),
        hostHour: { ...prices.hostHour, [DEFAULT_CLASS]: amounts.host },
      },
      ...(from === null ? {} : { validFrom: from }),
    });
  };
  const wrong = (value: number | null) => (asked && value === null ? messages.wrong : undefined);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="sm"
      title={messages.dialogTitle}
      description={messages.dialogText(currency)}
      closeLabel={messages.cancel}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={save.isPending}>
            {messages.save}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.coreHour} error={wrong(amounts.core)} required>
          <Input inputMode="decimal" value={core} onChange={(event) => setCore(event.target.value)} maxLength={20} />
        </Field>
        <Field label={messages.gibHour} error={wrong(amounts.gib)} required>
          <Input inputMode="decimal" value={gib} onChange={(event) => setGib(event.target.value)} maxLength={20} />
        </Field>
        <Field label={messages.hostHour} error={wrong(amounts.host)} required>
          <Input inputMode="decimal" value={host} onChange={(event) => setHost(event.target.value)} maxLength={20} />
        </Field>
        <Field label={messages.begins} hint={messages.keeps}>
          <Select
            value={begins}
            onValueChange={setBegins}
            options={BEGINS.map((value) => ({ value, label: messages[`begins_${value}`] }))}
          />
        </Field>
        {begins === "moment" ? (
          <Field
            label={messages.moment}
            hint={messages.zone(zone)}
            error={asked && momentWrong ? messages.momentWrong : undefined}
            required
          >
            <Input type="datetime-local" value={moment} onChange={(event) => setMoment(event.target.value)} />
          </Field>
        ) : null}
      </div>
    </Dialog>
  );
}
