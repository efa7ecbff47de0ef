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
import { type DistrustImpact, type KeyRow, shortHash } from "./signing-view.ts";

const SHOWN = 12;
const SINCE = ["now", "beginning", "moment"] as const;

/** Stops trusting a key from a moment on, and names what would be lost before it asks: versions that can no longer run, plans that nothing can follow. */
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
        <Impact impact={impact.data ?? null} />
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

function Impact({ impact }: { impact: DistrustImpact | null }): ReactNode {
  const messages = useMessages(signingMessages);
  if (impact === null) return <p className="text-ink-2">{messages.distrustCounting}</p>;
  const { versions, plans } = impact;
  if (versions.length === 0 && plans.length === 0) return <p className="text-ink-2">{messages.distrustNothing}</p>;
  return (
    <div role="status" data-testid="distrust-impact" className="rounded-sm border border-l-[3px] border-line border-l-breached px-3 py-2">
      <Lost
        title={messages.distrustStops(versions.length)}
        items={versions.map(({ name, semver }) => ({ name, detail: semver, href: `/templates/${name}/versions/${semver}` }))}
      />
      <Lost
        title={messages.distrustPlans(plans.length)}
        items={plans.map(({ name, revision }) => ({ name, detail: messages.planRevision(revision), href: `/rollouts/plans/${name}` }))}
      />
    </div>
  );
}

type LostItem = { readonly name: string; readonly detail: string; readonly href: string };

function Lost({ title, items }: { title: string; items: readonly LostItem[] }): ReactNode {
  const messages = useMessages(signingMessages);
  if (items.length === 0) return null;
  return (
    <div className="not-first:mt-2">
      <p className="font-semibold">{title}</p>
      <ul className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5">
        {items.slice(0, SHOWN).map(({ name, detail, href }) => (
          <li key={href}>
            <Link href={href} className="rounded-sm text-accent hover:underline">
              {name} <span className="font-mono">{detail}</span>
            </Link>
          </li>
        ))}
        {items.length > SHOWN ? <li className="text-ink-2">{messages.distrustMore(items.length - SHOWN)}</li> : null}
      </ul>
    </div>
  );
}
