"use client";
import { Badge } from "@agent-factory/ui/badge";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { ErrorState } from "@agent-factory/ui/error-state";
import { Field, Input, Select } from "@agent-factory/ui/field";
import { useMutation } from "@tanstack/react-query";
import { Check, Copy, Hourglass } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFailure } from "../../i18n/failures.ts";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { HOST_NAME, type Host, isRevoked, parseLabels } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

const EXPIRES_MINUTES = ["15", "60", "1440"] as const;
type Expires = (typeof EXPIRES_MINUTES)[number];

/** Makes the command that enrols a machine. The token in it is shown once and kept nowhere here. */
export function EnrolDialog({
  open,
  onOpenChange,
  hosts,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  hosts: readonly Host[];
}): ReactNode {
  // A new opening is a new host: nothing of the last one, least of all its token, stays.
  const [opening, setOpening] = useState(0);
  if (!open) return null;
  return (
    <Enrolment
      key={opening}
      hosts={hosts}
      onClose={() => {
        setOpening(opening + 1);
        onOpenChange(false);
      }}
    />
  );
}

function Enrolment({ hosts, onClose }: { hosts: readonly Host[]; onClose: () => void }): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [labels, setLabels] = useState("");
  const [expires, setExpires] = useState<Expires>("60");
  const [asked, setAsked] = useState(false);
  const create = useMutation(trpc.fleet.createJoinToken.mutationOptions());
  const failure = useFailure(create.error);
  const parsed = parseLabels(labels);
  const taken = hosts.some((host) => host.name === name && !isRevoked(host));
  const nameError = !HOST_NAME.test(name) ? messages.enrolNameWrong : taken ? messages.enrolNameTaken : undefined;
  const labelsError = "wrong" in parsed ? messages.enrolLabelsWrong(parsed.wrong) : undefined;

  if (create.data)
    return <JoinCommand host={name} command={create.data.command} expiresAt={create.data.expiresAt} hosts={hosts} onClose={onClose} />;
  const submit = () => {
    setAsked(true);
    if (nameError === undefined && "labels" in parsed)
      create.mutate({ hostName: name, labels: parsed.labels, expiresInMinutes: Number(expires) });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={messages.enrolTitle}
      description={messages.enrolText}
      closeLabel={messages.close}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={create.isPending}>
            {messages.enrolMake}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.enrolName} hint={messages.enrolNameHint} error={asked ? nameError : undefined} required>
          <Input value={name} onChange={(event) => setName(event.target.value.trim())} mono spellCheck={false} maxLength={63} />
        </Field>
        <Field label={messages.enrolLabels} hint={messages.enrolLabelsHint} error={asked ? labelsError : undefined}>
          <Input value={labels} onChange={(event) => setLabels(event.target.value)} mono spellCheck={false} />
        </Field>
        <Field label={messages.enrolExpires}>
          <Select
            value={expires}
            onValueChange={setExpires}
            options={EXPIRES_MINUTES.map((value) => ({ value, label: format.durationMs(Number(value) * 60_000) }))}
          />
        </Field>
        {failure === null ? null : (
          <ErrorState title={messages.enrolFailed} wayOut={failure.wayOut}>
            {failure.sentence}
          </ErrorState>
        )}
      </div>
    </Dialog>
  );
}

function JoinCommand({
  host,
  command,
  expiresAt,
  hosts,
  onClose,
}: {
  host: string;
  command: string;
  expiresAt: string;
  hosts: readonly Host[];
  onClose: () => void;
}): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const [copied, setCopied] = useState(false);
  const joined = hosts.some((other) => other.name === host && !isRevoked(other) && other.state !== "enrolling");
  const copy = () => {
    navigator.clipboard.writeText(command).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="lg"
      title={messages.enrolDoneTitle(host)}
      description={messages.enrolDoneText(format.time(expiresAt))}
      closeLabel={messages.close}
      footer={<Button onClick={onClose}>{messages.done}</Button>}
    >
      <figure aria-label={messages.enrolCommand} className="relative rounded-sm border border-line bg-sunken">
        <pre className="p-3 pr-28 text-sm break-all whitespace-pre-wrap select-all" data-testid="join-command">
          {command}
        </pre>
        <div className="absolute top-2 right-2">
          <Button size="sm" onClick={copy}>
            {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
            <span aria-live="polite">{copied ? messages.copied : messages.copy}</span>
          </Button>
        </div>
      </figure>
      <p role="status" className="mt-3">
        {joined ? (
          <Badge tone="healthy">{messages.enrolJoined(host)}</Badge>
        ) : (
          <Badge tone="neutral" icon={<Hourglass aria-hidden />}>
            {messages.enrolWaiting(host)}
          </Badge>
        )}
      </p>
    </Dialog>
  );
}
