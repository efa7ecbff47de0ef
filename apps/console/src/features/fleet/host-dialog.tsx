"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Select, Textarea } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import type { Host } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

export type HostAct = "cordon" | "drain" | "revoke";
const RESUME_MINUTES = ["never", "15", "60", "240", "1440"] as const;
type Resume = (typeof RESUME_MINUTES)[number];

/** Asks once before a host is taken out of service, and says what runs on it. */
export function HostDialog({
  act,
  host,
  onClose,
  onUndo,
}: {
  act: HostAct;
  host: Host;
  onClose: () => void;
  onUndo: () => void;
}): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const sayFailed = useFailureToast(messages.failed(host.name));
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const [resume, setResume] = useState<Resume>("never");
  const [asked, setAsked] = useState(false);
  const outcome = {
    onSuccess: async () => {
      const said = { cordon: messages.doneCordon, drain: messages.doneDrain, revoke: messages.doneRevoke }[act](host.name);
      toast.success(said, act === "revoke" ? {} : { action: { label: messages.undo, onAction: onUndo } });
      onClose();
      await queryClient.invalidateQueries(trpc.fleet.list.queryFilter());
    },
    onError: sayFailed,
  };
  const cordon = useMutation(trpc.fleet.cordon.mutationOptions(outcome));
  const drain = useMutation(trpc.fleet.drain.mutationOptions(outcome));
  const revoke = useMutation(trpc.fleet.revoke.mutationOptions(outcome));
  const pending = cordon.isPending || drain.isPending || revoke.isPending;
  const needsReason = act !== "revoke";
  const confirm = () => {
    setAsked(true);
    if (needsReason && reason.trim() === "") return;
    if (act === "cordon")
      cordon.mutate({ hostId: host.id, reason: reason.trim(), ...(resume === "never" ? {} : { resumeInMinutes: Number(resume) }) });
    else if (act === "drain") drain.mutate({ hostId: host.id, reason: reason.trim() });
    else revoke.mutate({ hostId: host.id });
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={{ cordon: messages.cordonTitle, drain: messages.drainTitle, revoke: messages.revokeTitle }[act](host.name)}
      affects={{ cordon: messages.cordonAffects, drain: messages.drainAffects, revoke: messages.revokeAffects }[act](host.running)}
      confirmLabel={{ cordon: messages.cordonConfirm, drain: messages.drainConfirm, revoke: messages.revokeConfirm }[act](host.name)}
      cancelLabel={messages.cancel}
      tone={act === "revoke" ? "danger" : "primary"}
      pending={pending}
      onConfirm={confirm}
    >
      {needsReason ? (
        <Field
          label={messages.reasonField}
          hint={messages.reasonHint}
          error={asked && reason.trim() === "" ? messages.reasonNeeded : undefined}
          required
        >
          <Textarea rows={2} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </Field>
      ) : null}
      {act === "cordon" ? (
        <Field label={messages.resumeField}>
          <Select
            value={resume}
            onValueChange={setResume}
            options={RESUME_MINUTES.map((value) => ({
              value,
              label: value === "never" ? messages.resumeNever : messages.resumeIn(format.durationMs(Number(value) * 60_000)),
            }))}
          />
        </Field>
      ) : null}
    </ConfirmDialog>
  );
}
