"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Input, Select, Textarea } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useMessages, useTimeZone } from "../../i18n/i18n.tsx";
import { instantOf } from "../../i18n/zoned-time.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { signingMessages } from "./messages.ts";
import { type KeyRow, shortHash } from "./signing-view.ts";

const SHOWN = 12;
const SINCE = ["now", "beginning", "moment"] as const;

/** Stops trusting a key from a moment on, and names every version that can no longer run before it asks. */
export function DistrustDialog({ signingKey: key, onClose }: { signingKey: KeyRow; onClose: () => void }): ReactNode {
  const messages = useMessages(signingMessages);
  const sayFailed = useFailureToast(messages.distrustFailed);
  const zone = useTimeZone();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [opened] = useState(() => new Date().toISOString());
  const [since, setSince] = useState<(typeof SINCE)[number]>("now");
  const [moment, setMoment] = useState("");
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const from = since === "now" ? opened : since === "beginning" ? key.notBefore : instantOf(moment, zone);
  const hint = shortHash(key.hint);
  const distrust = useMutation(
    trpc.signing.distrust.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.distrusted(hint));
        onClose();
        await queries.invalidateQueries({ queryKey: trpc.signing.pathKey() });
      },
      onError: sayFailed,
    }),
  );
  const impact = useQuery(
    trpc.signing.distrustImpact.queryOptions({ keyId: key.id, from: from ?? opened }, { enabled: from !== null, staleTime: 0 }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.distrustTitle(hint)}
      affects={messages.distrustText}
      confirmLabel={messages.distrustConfirm(hint)}
      cancelLabel={messages.cancel}
      pending={distrust.isPending}
      disabledReason={from !== null && !impact.data ? messages.distrustCounting : undefined}
      onConfirm={() => {
        setAsked(true);
        if (from !== null && reason.trim() !== "") distrust.mutate({ keyId: key.id, from, reason: reason.trim() });
      }}
    >
      <Field label={messages.distrustFrom} hint={messages.distrustNoWayBack}>
        <Select value={since} onValueChange={setSince} options={SINCE.map((value) => ({ value, label: messages[`distrust_${value}`] }))} />
      </Field>
      {since === "moment" ? (
        <Field
          label={messages.distrustMoment}
          hint={messages.distrustZone(zone)}
          error={asked && from === null ? messages.distrustMomentNeeded : undefined}
          required
        >
          <Input type="datetime-local" step={1} value={moment} onChange={(event) => setMoment(event.target.value)} />
        </Field>
      ) : null}
      {from === null ? null : impact.isError ? (
        <QueryProblem error={impact.error} retry={() => void impact.refetch()} />
      ) : (
        <Impact versions={impact.data?.versions ?? null} />
      )}
      <Field
        label={messages.reason}
        hint={messages.reasonHint}
        error={asked && reason.trim() === "" ? messages.reasonNeeded : undefined}
        required
      >
        <Textarea rows={2} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </ConfirmDialog>
  );
}

function Impact({ versions }: { versions: readonly { readonly name: string; readonly semver: string }[] | null }): ReactNode {
  const messages = useMessages(signingMessages);
  if (versions === null) return <p className="text-ink-2">{messages.distrustCounting}</p>;
  if (versions.length === 0) return <p className="text-ink-2">{messages.distrustNothing}</p>;
  return (
    <div role="status" data-testid="distrust-impact" className="rounded-sm border border-l-[3px] border-line border-l-breached px-3 py-2">
      <p className="font-semibold">{messages.distrustStops(versions.length)}</p>
      <ul className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5">
        {versions.slice(0, SHOWN).map(({ name, semver }) => (
          <li key={`${name}@${semver}`}>
            <Link href={`/templates/${name}/versions/${semver}`} className="rounded-sm text-accent hover:underline">
              {name} <span className="font-mono">{semver}</span>
            </Link>
          </li>
        ))}
        {versions.length > SHOWN ? <li className="text-ink-2">{messages.distrustMore(versions.length - SHOWN)}</li> : null}
      </ul>
    </div>
  );
}
