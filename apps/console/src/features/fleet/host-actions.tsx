"use client";
import { IconButton } from "@agent-factory/ui/button";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Select, Textarea } from "@agent-factory/ui/field";
import { Menu, MenuItem, MenuSeparator } from "@agent-factory/ui/menu";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, CirclePause, Ellipsis, Hourglass, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useReadFailure } from "../../i18n/failures.ts";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { type Host, isRevoked } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

type Act = "cordon" | "drain" | "revoke";
const RESUME_MINUTES = ["never", "15", "60", "240", "1440"] as const;
type Resume = (typeof RESUME_MINUTES)[number];

/** What can be done with a host. What cannot be done now stays in the menu and says why. */
export function HostActions({ host }: { host: Host }): ReactNode {
  const messages = useMessages(fleetMessages);
  const readFailure = useReadFailure();
  const viewer = useViewer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<Act | null>(null);
  const done = {
    onSuccess: () => queryClient.invalidateQueries(trpc.fleet.list.queryFilter()),
    onError: (cause: unknown) => toast.error(messages.failed(host.name), { description: readFailure(cause).sentence }),
  };
  const uncordon = useMutation(
    trpc.fleet.uncordon.mutationOptions({
      ...done,
      onSuccess: () => {
        toast.success(messages.doneUncordon(host.name));
        return done.onSuccess();
      },
    }),
  );

  const notOurs = host.platform ? messages.whyPlatform : isRevoked(host) ? messages.whyRevoked : undefined;
  const inState = (...states: Host["state"][]) =>
    states.includes(host.state) ? undefined : host.state === "lost" ? messages.whyLost : messages.whyState(messages[`state_${host.state}`]);
  const why = (action: "fleet.cordon" | "fleet.drain" | "fleet.revoke", state?: string) => viewer.can(action).reason ?? notOurs ?? state;

  return (
    <>
      <Menu
        trigger={
          <IconButton label={messages.actionsOf(host.name)} size="sm">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        {host.state === "cordoned" || host.state === "draining" || host.state === "drained" ? (
          <MenuItem icon={<Play aria-hidden />} onSelect={() => uncordon.mutate({ hostId: host.id })} disabledReason={why("fleet.cordon")}>
            {messages.uncordon}
          </MenuItem>
        ) : (
          <MenuItem
            icon={<CirclePause aria-hidden />}
            onSelect={() => setAsking("cordon")}
            disabledReason={why("fleet.cordon", inState("ready", "enrolling"))}
          >
            {messages.cordon}
          </MenuItem>
        )}
        <MenuItem
          icon={<Hourglass aria-hidden />}
          onSelect={() => setAsking("drain")}
          disabledReason={why("fleet.drain", inState("ready", "cordoned", "enrolling"))}
        >
          {messages.drain}
        </MenuItem>
        <MenuSeparator />
        <MenuItem tone="danger" icon={<Ban aria-hidden />} onSelect={() => setAsking("revoke")} disabledReason={why("fleet.revoke")}>
          {messages.revoke}
        </MenuItem>
      </Menu>
      {asking === null ? null : (
        <Ask act={asking} host={host} onClose={() => setAsking(null)} onUndo={() => uncordon.mutate({ hostId: host.id })} />
      )}
    </>
  );
}

function Ask({ act, host, onClose, onUndo }: { act: Act; host: Host; onClose: () => void; onUndo: () => void }): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const readFailure = useReadFailure();
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
    onError: (cause: unknown) => {
      const failure = readFailure(cause);
      toast.error(messages.failed(host.name), { description: `${failure.sentence} ${failure.wayOut}`.trim() });
    },
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
