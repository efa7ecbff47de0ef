"use client";
import { Button } from "@agent-factory/ui/button";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, KeyRound } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { CreateTokenDialog } from "./create-token-dialog.tsx";
import { tokenMessages } from "./messages.ts";
import { TokenState } from "./token-state.tsx";
import type { Token } from "./token-view.ts";
import { useTokens } from "./use-tokens.ts";

const DOCS_PATH = "/v1/docs";

/** The tenant's credentials of programs. `registry`: where programs reach it, if the console was told. */
export function TokenList({ registry }: { registry: string | null }): ReactNode {
  const messages = useMessages(tokenMessages);
  const viewer = useViewer();
  const { allowed, reason } = viewer.can("tokens.read");
  const may = viewer.can("tokens.create");
  const tokens = useTokens();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const create = (
    <Button variant="primary" disabledReason={may.reason} onClick={() => setCreating(true)}>
      {messages.create}
    </Button>
  );
  const items = tokens.data?.items;
  return (
    <>
      <PageHeader title={messages.title} actions={allowed ? create : undefined} />
      <PageBody>
        <p className="max-w-3xl text-pretty text-ink-2">
          {messages.lead}{" "}
          {registry === null ? (
            messages.docsAt(DOCS_PATH)
          ) : (
            <a
              href={`${registry}${DOCS_PATH}`}
              target="_blank"
              rel="noreferrer"
              className="inline-flex items-center gap-1 rounded-sm text-accent hover:underline"
            >
              {messages.docs}
              <ExternalLink aria-hidden className="size-3.5" />
            </a>
          )}
        </p>
        {!allowed ? (
          <NotAllowed reason={reason} />
        ) : tokens.isError ? (
          <QueryProblem title={messages.problem} error={tokens.error} retry={() => void tokens.refetch()} pending={tokens.isFetching} />
        ) : items === undefined ? (
          <SkeletonRows label={messages.loading} rows={3} />
        ) : items.length === 0 ? (
          <EmptyState icon={<KeyRound />} title={messages.emptyTitle} action={may.allowed ? create : undefined}>
            {messages.emptyText} {may.allowed ? null : messages.emptyAsk}
          </EmptyState>
        ) : (
          <Listed items={items} onRevoke={setRevoking} />
        )}
      </PageBody>
      {creating ? <CreateTokenDialog registry={registry} onClose={() => setCreating(false)} /> : null}
      {revoking === null ? null : <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

function Listed({ items, onRevoke }: { items: readonly Token[]; onRevoke: (token: Token) => void }): ReactNode {
  const messages = useMessages(tokenMessages);
  const format = useFormat();
  const may = useViewer().can("tokens.revoke");
  const columns: readonly Column<Token>[] = [
    {
      key: "name",
      header: messages.columnName,
      cell: (token) => (
        <RowLink
          note={messages.by(
            token.createdByName.startsWith("system:") ? messages.theSystem : token.createdByName,
            format.relative(token.createdAt),
          )}
        >
          {token.name}
        </RowLink>
      ),
    },
    {
      key: "roles",
      header: messages.columnRoles,
      from: "sm",
      cell: (token) => <span className="text-ink-2">{format.list(token.roles.map((role) => messages[`roleWord_${role}`]))}</span>,
    },
    { key: "state", header: messages.columnState, cell: (token) => <TokenState token={token} /> },
    {
      key: "used",
      header: messages.columnUsed,
      from: "md",
      cell: (token) => (
        <span className="whitespace-nowrap text-ink-2">
          {token.lastUsedAt === null ? messages.neverUsed : format.relative(token.lastUsedAt)}
        </span>
      ),
    },
    {
      key: "expires",
      header: messages.columnExpires,
      from: "md",
      cell: (token) => <span className="whitespace-nowrap text-ink-2">{format.date(token.expiresAt)}</span>,
    },
    {
      key: "actions",
      header: messages.columnActions,
      headerHidden: true,
      align: "right",
      cell: (token) => (
        <Button
          size="sm"
          variant="ghost"
          aria-label={messages.revokeOf(token.name)}
          disabledReason={may.reason ?? (token.state === "live" ? undefined : messages.whyEnded)}
          onClick={() => onRevoke(token)}
        >
          {messages.revoke}
        </Button>
      ),
    },
  ];
  return <Table label={messages.title} columns={columns} rows={items} rowKey={(token) => token.id} />;
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }): ReactNode {
  const messages = useMessages(tokenMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast(messages.revokeFailed);
  const revoke = useMutation(
    trpc.tokens.revoke.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.revoked(token.name));
        onClose();
        await queries.invalidateQueries({ queryKey: trpc.tokens.list.queryKey() });
      },
      onError: sayFailed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={messages.revokeTitle(token.name)}
      affects={
        <>
          {messages.revokeText(format.list(token.roles.map((role) => messages[`roleWord_${role}`])))}{" "}
          {token.lastUsedAt === null ? messages.revokeUnused : messages.revokeUsed(format.relative(token.lastUsedAt))}{" "}
          {messages.revokeKeeps}
        </>
      }
      confirmLabel={messages.revokeOf(token.name)}
      cancelLabel={messages.cancel}
      pending={revoke.isPending}
      onConfirm={() => revoke.mutate({ tokenId: token.id })}
    />
  );
}
