"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Textarea } from "@agent-factory/ui/field";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { latestRunnable } from "./runnable-version.ts";
import type { TemplateView } from "./template-view.ts";
import { useVersionChange } from "./use-version-change.ts";
import { versionMessages } from "./version-messages.ts";

type Asking = { readonly template: TemplateView; readonly semver: string; readonly onClose: () => void };

export function DeprecateDialog({ template, semver, onClose }: Asking): ReactNode {
  const messages = useMessages(versionMessages);
  const trpc = useTRPC();
  const outcome = useVersionChange(semver, onClose);
  const deprecate = useMutation(trpc.templates.deprecate.mutationOptions(outcome(messages.deprecated(semver))));
  const { reason, field, ask } = useReason(messages.deprecateHint);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.deprecateTitle(semver)}
      affects={messages.deprecateAffects}
      confirmLabel={messages.deprecateConfirm(semver)}
      cancelLabel={messages.cancel}
      tone="primary"
      pending={deprecate.isPending}
      onConfirm={() => {
        if (ask()) deprecate.mutate({ name: template.name, semver, reason });
      }}
    >
      {field}
    </ConfirmDialog>
  );
}

/** Names what it would stop before it asks; the count is the registry's, now. */
export function RevokeDialog({ template, semver, onClose }: Asking): ReactNode {
  const messages = useMessages(versionMessages);
  const trpc = useTRPC();
  const outcome = useVersionChange(semver, onClose);
  const impact = useQuery(trpc.templates.revocation.queryOptions({ name: template.name, semver }, { staleTime: 0 }));
  const revoke = useMutation(trpc.templates.revoke.mutationOptions(outcome(messages.revoked(semver))));
  const { reason, field, ask } = useReason(messages.revokeHint);
  const next = latestRunnable(template.versions, template.versions.find((one) => one.semver === semver)?.digest);
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.revokeTitle(semver)}
      affects={
        impact.isError ? (
          <QueryProblem error={impact.error} retry={() => void impact.refetch()} />
        ) : (
          <div className="flex flex-col gap-1" aria-busy={impact.isPending} data-testid="revocation">
            <p className="font-semibold text-ink">
              {impact.data ? messages.revokeStops(impact.data.queued, impact.data.running) : messages.counting}
            </p>
            {impact.data && impact.data.twins.length > 0 ? <p>{messages.revokeTwins(semver, impact.data.twins)}</p> : null}
            {impact.data && impact.data.drafts > 0 ? <p>{messages.revokeDrafts(impact.data.drafts)}</p> : null}
            <p>{next ? messages.revokeThen(next.semver) : messages.revokeNothingThen}</p>
            <p>{messages.revokeForGood}</p>
          </div>
        )
      }
      confirmLabel={messages.revokeConfirm(semver)}
      cancelLabel={messages.cancel}
      pending={revoke.isPending}
      disabledReason={impact.data ? undefined : messages.counting}
      onConfirm={() => {
        if (ask()) revoke.mutate({ name: template.name, semver, reason });
      }}
    >
      {field}
    </ConfirmDialog>
  );
}

function useReason(hint: string) {
  const messages = useMessages(versionMessages);
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState(false);
  const reason = typed.trim();
  return {
    reason,
    ask: () => {
      setAsked(true);
      return reason !== "";
    },
    field: (
      <Field label={messages.reason} hint={hint} error={asked && reason === "" ? messages.reasonNeeded : undefined} required>
        <Textarea autoFocus rows={2} value={typed} maxLength={500} onChange={(event) => setTyped(event.target.value)} />
      </Field>
    ),
  };
}
