"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Field, Input, Select } from "@agent-factory/ui/field";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { costMessages } from "./messages.ts";
import { daysOf, type Period, type PeriodKind, periodFault, periodKinds } from "./period.ts";

/** Which days: two that are always asked for, or one's own. */
export function PeriodPicker({
  period,
  shown,
  onChoose,
}: {
  period: Period;
  /** The days in words, where they are one's own. */
  shown: string;
  onChoose: (kind: PeriodKind, days?: { first: string; last: string }) => void;
}): ReactNode {
  const messages = useMessages(costMessages);
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Select
        label={messages.period}
        value={period.kind}
        onValueChange={(kind) => (kind === "custom" ? setAsking(true) : onChoose(kind))}
        options={[
          ...periodKinds
            .filter((kind) => kind !== "custom" || period.kind !== "custom")
            .map((kind) => ({ value: kind as PeriodKind, label: messages[`period_${kind}`] })),
          ...(period.kind === "custom" ? [{ value: "custom" as const, label: shown }] : []),
        ]}
        className="max-w-64"
      />
      {period.kind === "custom" ? <Button onClick={() => setAsking(true)}>{messages.period_custom}</Button> : null}
      {asking ? (
        <OwnDays
          period={period}
          onClose={() => setAsking(false)}
          onChoose={(days) => {
            setAsking(false);
            onChoose("custom", days);
          }}
        />
      ) : null}
    </>
  );
}

function OwnDays({
  period,
  onClose,
  onChoose,
}: {
  period: Period;
  onClose: () => void;
  onChoose: (days: { first: string; last: string }) => void;
}): ReactNode {
  const messages = useMessages(costMessages);
  const [{ first, last }, setDays] = useState(() => daysOf(period));
  const [asked, setAsked] = useState(false);
  const fault = periodFault(first, last);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="sm"
      title={messages.period}
      closeLabel={messages.cancel}
      onSubmit={() => {
        setAsked(true);
        if (fault === null) onChoose({ first, last });
      }}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary">
            {messages.show}
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-2 gap-3">
        <Field label={messages.from} required>
          <Input type="date" value={first} onChange={(event) => setDays({ first: event.target.value, last })} />
        </Field>
        <Field label={messages.to} required error={asked && fault !== null ? messages[`fault_${fault}`] : undefined}>
          <Input type="date" value={last} onChange={(event) => setDays({ first, last: event.target.value })} />
        </Field>
      </div>
    </Dialog>
  );
}
