"use client";
import { Button } from "@agent-factory/ui/button";
import { CopyButton } from "@agent-factory/ui/copy-button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Checkbox, Field, Input, Select } from "@agent-factory/ui/field";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { tokenMessages } from "./messages.ts";
import { firstCall, LIFETIMES_DAYS, type TokenRole, tokenRoles } from "./token-view.ts";

const LIFETIME_DAYS = "90";

/** Asks what a token is for, then shows its secret, this once. */
export function CreateTokenDialog({ registry, onClose }: { registry: string | null; onClose: () => void }): ReactNode {
  const messages = useMessages(tokenMessages);
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.createFailed);
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<readonly TokenRole[]>(["runner"]);
  const [days, setDays] = useState(LIFETIME_DAYS);
  const [asked, setAsked] = useState(false);
  const create = useMutation(
    trpc.tokens.create.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.tokens.list.queryKey() }),
      onError: sayFailed,
      // Nowhere but on this page, and only while it is open.
      gcTime: 0,
    }),
  );
  if (create.data) {
    const { secret, expiresAt } = create.data;
    return <Secret name={name.trim()} secret={secret} expiresAt={expiresAt} registry={registry} onClose={onClose} />;
  }
  const nameWrong = name.trim() === "";
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="sm"
      title={messages.dialogTitle}
      description={messages.dialogText}
      closeLabel={messages.cancel}
      onSubmit={() => {
        setAsked(true);
        if (!nameWrong && roles.length > 0) create.mutate({ name: name.trim(), roles: [...roles], expiresInDays: Number(days) });
      }}
      footer={
        <>
          <Button onClick={onClose}>{messages.cancel}</Button>
          <Button type="submit" variant="primary" loading={create.isPending}>
            {messages.create}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={messages.name} hint={messages.nameHint} error={asked && nameWrong ? messages.nameWrong : undefined} required>
          <Input value={name} onChange={(event) => setName(event.target.value)} maxLength={80} spellCheck={false} />
        </Field>
        <fieldset className="flex min-w-0 flex-col gap-2 border-0 p-0">
          <legend className="mb-1 text-sm font-medium text-ink-2">{messages.roles}</legend>
          {tokenRoles.map((role) => (
            <Checkbox
              key={role}
              checked={roles.includes(role)}
              onCheckedChange={(checked) => setRoles(checked ? [...roles, role] : roles.filter((one) => one !== role))}
            >
              {messages[`role_${role}`]}
            </Checkbox>
          ))}
          {asked && roles.length === 0 ? (
            <p role="alert" className="flex items-start gap-1 text-sm text-breached">
              <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
              {messages.rolesWrong}
            </p>
          ) : null}
        </fieldset>
        <Field label={messages.expires}>
          <Select
            value={days}
            onValueChange={setDays}
            options={LIFETIMES_DAYS.map((value) => ({ value: String(value), label: messages.days(value) }))}
          />
        </Field>
      </div>
    </Dialog>
  );
}

function Secret({
  name,
  secret,
  expiresAt,
  registry,
  onClose,
}: {
  name: string;
  secret: string;
  expiresAt: string;
  registry: string | null;
  onClose: () => void;
}): ReactNode {
  const messages = useMessages(tokenMessages);
  const format = useFormat();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      // A click beside it would lose the only copy.
      modal={false}
      size="md"
      title={messages.doneTitle(name)}
      description={messages.doneText(format.date(expiresAt))}
      closeLabel={messages.done}
      footer={
        <Button variant="primary" onClick={onClose}>
          {messages.done}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <Kept label={messages.secret} text={secret} testId="token-secret" />
        <Kept
          label={messages.firstCall}
          text={firstCall(secret, registry)}
          testId="token-call"
          note={registry === null ? messages.firstCallNote : undefined}
        />
      </div>
    </Dialog>
  );
}

function Kept({ label, text, testId, note }: { label: string; text: string; testId: string; note?: string | undefined }): ReactNode {
  const messages = useMessages(tokenMessages);
  return (
    <figure aria-label={label} className="min-w-0">
      <div className="flex min-h-7 items-center gap-2">
        <figcaption className="min-w-0 flex-1 text-sm font-medium text-ink-2">{label}</figcaption>
        <CopyButton text={text} label={messages.copy} done={messages.copied} />
      </div>
      <pre
        data-testid={testId}
        className="rounded-sm border border-line bg-sunken p-2.5 text-sm break-all whitespace-pre-wrap select-all [font-variant-ligatures:none]"
      >
        {text}
      </pre>
      {note === undefined ? null : <p className="mt-1 text-sm text-ink-3">{note}</p>}
    </figure>
  );
}
