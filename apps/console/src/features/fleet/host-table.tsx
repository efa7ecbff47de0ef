"use client";
import { Badge } from "@agent-factory/ui/badge";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { HostActions } from "./host-actions.tsx";
import { HostDetails } from "./host-details.tsx";
import { HostState, Isolation } from "./host-state.tsx";
import { type Host, isRevoked, poolOf } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

type Words = (typeof fleetMessages)["en"];

export function HostTable({
  hosts,
  open,
  onOpenChange,
}: {
  hosts: readonly Host[];
  open: string | null;
  onOpenChange: (hostId: string | null) => void;
}): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  return (
    <Table
      label={messages.table}
      rows={hosts}
      rowKey={(host) => host.id}
      columns={columnsOf(messages, format, open, onOpenChange)}
      isSelected={(host) => host.id === open}
      detail={(host) => (host.id === open ? <HostDetails host={host} /> : null)}
    />
  );
}

function columnsOf(
  messages: Words,
  format: Format,
  open: string | null,
  onOpenChange: (hostId: string | null) => void,
): readonly Column<Host>[] {
  return [
    {
      key: "host",
      header: messages.host,
      cell: (host) => (
        <div className="flex items-center gap-2">
          <button
            type="button"
            aria-expanded={open === host.id}
            aria-label={open === host.id ? messages.hideProof(host.name) : messages.showProof(host.name)}
            onClick={() => onOpenChange(open === host.id ? null : host.id)}
            className="flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-3 after:absolute after:inset-0 hover:text-ink"
          >
            <ChevronRight aria-hidden className={`size-4 transition-transform ${open === host.id ? "rotate-90" : ""}`} />
          </button>
          <RowLink note={host.stateReason}>
            <span className="inline-flex items-center gap-2">
              {host.name}
              {host.platform ? (
                <Tooltip content={messages.platformNote}>
                  <span className="relative z-10">
                    <Badge tone="neutral" icon={null}>
                      {messages.platform}
                    </Badge>
                  </span>
                </Tooltip>
              ) : null}
            </span>
          </RowLink>
        </div>
      ),
    },
    {
      key: "state",
      header: messages.state,
      cell: (host) => (
        <span className="flex flex-wrap items-center gap-x-2">
          <HostState host={host} />
          {host.state === "draining" && host.running > 0 ? (
            <span className="text-sm text-ink-3 tabular-nums">{messages.stillRunning(host.running)}</span>
          ) : null}
          {host.resumeAt === null ? null : <span className="text-sm text-ink-3">{messages.until(format.time(host.resumeAt))}</span>}
        </span>
      ),
    },
    { key: "sandbox", header: messages.sandbox, from: "sm", cell: (host) => <Isolation isolation={host.isolation} /> },
    {
      key: "slots",
      header: messages.slots,
      align: "right",
      from: "sm",
      cell: (host) => (isRevoked(host) ? <Nothing /> : messages.slotsFree(host.slotsFree, host.slotsTotal)),
    },
    {
      key: "warm",
      header: messages.warm,
      align: "right",
      from: "md",
      cell: (host) => <PoolCell host={host} show={(pool) => messages.warmOf(pool.warm, pool.warmTarget)} />,
    },
    {
      key: "hitRate",
      header: messages.hitRate,
      align: "right",
      from: "lg",
      cell: (host) => (
        <PoolCell
          host={host}
          show={(pool) =>
            pool.starts === 0 ? null : (
              <Tooltip content={messages.starts(format.number(pool.starts))}>
                <span>{format.percent(pool.hits / pool.starts)}</span>
              </Tooltip>
            )
          }
        />
      ),
    },
    {
      key: "handOut",
      header: messages.handOut,
      align: "right",
      from: "lg",
      cell: (host) => (
        <PoolCell
          host={host}
          show={(pool) =>
            pool.handOutMsP50 === null
              ? null
              : `${format.durationMs(pool.handOutMsP50)} / ${pool.handOutMsP99 === null ? "–" : format.durationMs(pool.handOutMsP99)}`
          }
        />
      ),
    },
    {
      key: "lastSeen",
      header: messages.lastSeen,
      align: "right",
      from: "xl",
      cell: (host) => (host.lastSeenAt === null ? <Nothing /> : <span className="text-ink-2">{format.relative(host.lastSeenAt)}</span>),
    },
    {
      key: "actions",
      header: messages.actions,
      headerHidden: true,
      align: "right",
      cell: (host) => (
        <span className="relative z-10 inline-flex">
          <HostActions host={host} />
        </span>
      ),
    },
  ];
}

function PoolCell({ host, show }: { host: Host; show: (pool: NonNullable<ReturnType<typeof poolOf>>) => ReactNode }): ReactNode {
  const pool = poolOf(host);
  return (pool === null || isRevoked(host) ? null : show(pool)) ?? <Nothing />;
}

/** No figure yet: said, not left blank. */
function Nothing(): ReactNode {
  const messages = useMessages(fleetMessages);
  return (
    <span className="text-ink-3">
      <span aria-hidden>–</span>
      <span className="sr-only">{messages.unknown}</span>
    </span>
  );
}
