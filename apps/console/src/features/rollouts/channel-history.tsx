"use client";
import { Button } from "@agent-factory/ui/button";
import { Dialog } from "@agent-factory/ui/dialog";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { type Column, Table } from "@agent-factory/ui/table";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { channelMessages } from "./channel-messages.ts";
import { percentOf } from "./percent.ts";
import type { ChannelMove } from "./rollout-view.ts";

/** Every move of a channel, newest first. */
export function ChannelHistory({ templateName, name, onClose }: { templateName: string; name: string; onClose: () => void }): ReactNode {
  const messages = useMessages(channelMessages);
  const trpc = useTRPC();
  const history = useQuery(trpc.channels.history.queryOptions({ templateName, name }, { staleTime: 0 }));
  const columns = useColumns();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={messages.historyOf(name)}
      closeLabel={messages.close}
      footer={<Button onClick={onClose}>{messages.close}</Button>}
    >
      {history.isError ? (
        <QueryProblem error={history.error} retry={() => void history.refetch()} />
      ) : !history.data ? (
        <Skeleton className="h-24 w-full" />
      ) : history.data.items.length === 0 ? (
        <p className="text-ink-2">{messages.historyEmpty}</p>
      ) : (
        <Table label={messages.historyOf(name)} columns={columns} rows={history.data.items} rowKey={(move) => String(move.revision)} />
      )}
    </Dialog>
  );
}

function useColumns(): Column<ChannelMove>[] {
  const messages = useMessages(channelMessages);
  const format = useFormat();
  const version = (semver: string | null) =>
    semver === null ? <span className="text-ink-3">{messages.nothing}</span> : <span className="font-mono text-sm">{semver}</span>;
  const why = (reason: string): string => {
    const step = /^step-(\d+)$/.exec(reason)?.[1];
    if (step !== undefined) return messages.why_step(step);
    return reason === "completed" || reason === "rolled-back" || reason === "version-revoked" || reason === "created"
      ? messages[`why_${reason}`]
      : reason;
  };
  return [
    { key: "when", header: messages.columnWhen, cell: ({ at }) => <time dateTime={at}>{format.dateTime(at)}</time> },
    { key: "stable", header: messages.columnStable, cell: ({ stable }) => version(stable) },
    {
      key: "canary",
      header: messages.columnCanary,
      cell: ({ canary, weightPercent }) => (
        <span className="whitespace-nowrap">
          {version(canary)} {canary === null ? null : <span className="text-ink-3">{percentOf(weightPercent, format)}</span>}
        </span>
      ),
    },
    {
      key: "why",
      header: messages.columnWhy,
      cell: ({ reason, rolloutNumber }) => (
        <span className="whitespace-nowrap">
          {why(reason)}{" "}
          {rolloutNumber === null ? null : (
            <Link href={`/rollouts/${rolloutNumber}`} className="rounded-sm text-accent hover:underline">
              #{rolloutNumber}
            </Link>
          )}
        </span>
      ),
    },
  ];
}
