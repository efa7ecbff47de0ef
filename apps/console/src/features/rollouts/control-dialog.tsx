"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Textarea } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { promotedTo, unsureMetrics } from "./control.ts";
import { controlMessages } from "./control-messages.ts";
import { percentOf } from "./percent.ts";
import { reasonOf } from "./reasons.ts";
import type { Control, RolloutPageView } from "./rollout-view.ts";
import { verdictMessages } from "./verdict-messages.ts";

const REASON_MAX = 500;

/** Says what the act leads to, and asks why where the audit wants to know. */
export function ControlDialog({
  control,
  rollout,
  onClose,
}: {
  control: Control;
  rollout: RolloutPageView;
  onClose: () => void;
}): ReactNode {
  const messages = useMessages(controlMessages);
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const { act, isPending, error } = useAct(control, rollout.number, onClose);
  const asksWhy = control === "pause" || control === "promote" || control === "abort";
  const { title, affects } = useWords(control, rollout);
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      tone={control === "abort" ? "danger" : "primary"}
      title={title}
      affects={
        <div className="flex flex-col gap-2">
          {affects.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </div>
      }
      confirmLabel={messages[control]}
      cancelLabel={messages.cancel}
      pending={isPending}
      onConfirm={() => {
        setAsked(true);
        if (!asksWhy || reason.trim() !== "") act(reason.trim());
      }}
    >
      {asksWhy ? (
        <Field
          label={messages.reason}
          hint={messages.reasonHint}
          required
          error={asked && reason.trim() === "" ? messages.reasonNeeded : undefined}
        >
          <Textarea rows={2} value={reason} autoFocus maxLength={REASON_MAX} onChange={(event) => setReason(event.target.value)} />
        </Field>
      ) : null}
      {error ? <QueryProblem error={error} title={messages[control]} /> : null}
    </ConfirmDialog>
  );
}

function useWords(control: Control, rollout: RolloutPageView): { title: string; affects: string[] } {
  const messages = useMessages(controlMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  const { number, canary, baseline, channel, weightPercent, gate, step, plan, queuedOnCanary } = rollout;
  const percent = percentOf(weightPercent, format);
  switch (control) {
    case "pause":
      return { title: messages.pauseTitle(number), affects: [messages.pauseText(canary, percent, channel)] };
    case "resume": {
      const reason = reasonOf(rollout.stateReason);
      const anew = reason?.kind === "deadline" || reason?.kind === "too-few-samples";
      return {
        title: messages.resumeTitle(number),
        affects: [
          messages.resumeText(canary, percent),
          ...(anew ? [messages.resumeAnew] : []),
          ...(reason?.kind === "breached" ? [messages.resumeAccepts(verdicts[reason.metric].toLowerCase())] : []),
        ],
      };
    }
    case "promote": {
      const target = promotedTo(rollout);
      const unsure = unsureMetrics(rollout).map((name) => verdicts[name].toLowerCase());
      const leads =
        target?.gate == null
          ? messages.promoteAll(canary, channel)
          : messages.promoteToGate(canary, percentOf(target.weightPercent, format), channel, target.gate.title);
      return {
        title: messages.promoteTitle(number),
        affects: [leads, ...(unsure.length === 0 ? [] : [messages.promoteUnsure(format.list(unsure))])],
      };
    }
    case "abort":
      return {
        title: messages.abortTitle(number),
        affects: [
          baseline === null ? messages.abortNothing(channel) : messages.abortBack(channel, baseline),
          ...(queuedOnCanary > 0 && baseline !== null
            ? [messages.abortMoves(format.number(queuedOnCanary), queuedOnCanary === 1, baseline)]
            : []),
          messages.abortEnds,
        ],
      };
    case "passGate": {
      const next = plan.steps[step + 1];
      return {
        title: messages.passGateTitle(gate?.title ?? ""),
        affects: [next ? messages.passGateText(percentOf(next.weightPercent, format)) : messages.passGateEnd],
      };
    }
  }
}

/** A refusal stays in the dialog, with the page behind it brought up to date: it moved on meanwhile. */
function useAct(control: Control, number: number, onClose: () => void) {
  const messages = useMessages(controlMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.rollouts.pathKey() });
  const after = {
    onSuccess: async () => {
      toast.success(messages[`done_${control}`]);
      await refresh();
      onClose();
    },
    onError: refresh,
  };
  const pause = useMutation(trpc.rollouts.pause.mutationOptions(after));
  const resume = useMutation(trpc.rollouts.resume.mutationOptions(after));
  const promote = useMutation(trpc.rollouts.promote.mutationOptions(after));
  const abort = useMutation(trpc.rollouts.abort.mutationOptions(after));
  const passGate = useMutation(trpc.rollouts.passGate.mutationOptions(after));
  const act = (reason: string): void => {
    if (control === "resume") resume.mutate({ number });
    else if (control === "passGate") passGate.mutate({ number });
    else ({ pause, promote, abort })[control].mutate({ number, reason });
  };
  const { isPending, error } = { pause, resume, promote, abort, passGate }[control];
  return { act, isPending, error };
}
