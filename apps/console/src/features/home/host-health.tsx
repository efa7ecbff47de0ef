"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Figure, Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { ServerOff, ShieldAlert, Unplug } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { homeMessages } from "./messages.ts";

/** How the hosts stand, warnings first. */
export function HostHealth(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const fleet = useQuery(trpc.fleet.list.queryOptions(undefined, { refetchInterval: 10_000 }));
  if (fleet.isError) return <QueryProblem title={messages.problemHosts} error={fleet.error} retry={() => void fleet.refetch()} />;
  if (!fleet.data) {
    return (
      <Panel title={messages.hosts}>
        <Skeleton className="h-24 w-full" />
      </Panel>
    );
  }
  const hosts = fleet.data.hosts.filter((host) => host.revokedAt === null);
  const ready = hosts.filter((host) => host.state === "ready");
  const optedOut = hosts.filter((host) => host.isolation === "opted-out" && host.state !== "lost");
  const lost = hosts.filter((host) => host.state === "lost");
  const names = (some: readonly { name: string }[]) => format.list(some.map((host) => host.name));
  const open = (
    <LinkButton size="sm">
      <Link href="/fleet">{messages.openFleet}</Link>
    </LinkButton>
  );
  return (
    <>
      {optedOut.length === 0 ? null : (
        <Notice
          tone="warning"
          icon={<ShieldAlert aria-hidden />}
          title={messages.optedOutTitle(names(optedOut), optedOut.length)}
          actions={open}
        >
          {messages.optedOutText}
        </Notice>
      )}
      {ready.length > 0 ? null : (
        <Notice tone="warning" icon={<ServerOff aria-hidden />} title={messages.noHostTitle} actions={open}>
          {messages.noHostText}
        </Notice>
      )}
      {lost.length === 0 || ready.length === 0 ? null : (
        <Notice tone="breached" icon={<Unplug aria-hidden />} title={messages.lostTitle(names(lost), lost.length)} actions={open}>
          {messages.lostText}
        </Notice>
      )}
      <Panel
        title={messages.hosts}
        actions={
          <LinkButton variant="ghost" size="sm">
            <Link href="/fleet">{messages.openFleet}</Link>
          </LinkButton>
        }
      >
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4 xl:grid-cols-2">
          <Figure label={messages.ready} value={format.number(ready.length)} of={messages.outOf(hosts.length)} />
          <Figure
            label={messages.slots}
            value={format.number(ready.reduce((sum, host) => sum + host.slotsFree, 0))}
            of={messages.outOf(ready.reduce((sum, host) => sum + host.slotsTotal, 0))}
          />
          <Figure label={messages.running} value={format.number(fleet.data.queue.running)} />
          <Figure label={messages.waiting} value={format.number(fleet.data.queue.queued)} />
        </dl>
      </Panel>
    </>
  );
}
