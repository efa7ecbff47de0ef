"use client";
import { Button } from "@agent-factory/ui/button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Figure, Notice, Panel } from "@agent-factory/ui/panel";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { Plus, Server, ShieldAlert } from "lucide-react";
import dynamic from "next/dynamic";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { HostTable } from "./host-table.tsx";
import { type FleetOverview, type Host, isRevoked, unheld } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";
import { useFleetWatch } from "./use-fleet-watch.ts";

const EnrolDialog = dynamic(() => import("./enrol-dialog.tsx").then((loaded) => loaded.EnrolDialog), { ssr: false });

export function Fleet(): ReactNode {
  const messages = useMessages(fleetMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const fleet = useQuery(trpc.fleet.list.queryOptions());
  useFleetWatch();
  const [enrolling, setEnrolling] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const add = (
    <Button variant="primary" onClick={() => setEnrolling(true)} disabledReason={viewer.can("fleet.enrol").reason}>
      <Plus aria-hidden />
      {messages.addHost}
    </Button>
  );
  return (
    <>
      <PageHeader title={messages.title} actions={add} />
      <PageBody>
        {fleet.data ? (
          <>
            <UnprovenBanner hosts={fleet.data.hosts} onLook={setOpen} />
            {fleet.data.hosts.length === 0 ? (
              <EmptyState icon={<Server />} title={messages.emptyTitle} action={add}>
                {messages.emptyText}
              </EmptyState>
            ) : (
              <>
                <Summary fleet={fleet.data} />
                <HostTable hosts={fleet.data.hosts} open={open} onOpenChange={setOpen} />
              </>
            )}
          </>
        ) : fleet.isError ? (
          <QueryProblem title={messages.problem} error={fleet.error} retry={() => void fleet.refetch()} pending={fleet.isFetching} />
        ) : (
          <SkeletonRows rows={3} label={messages.loading} />
        )}
      </PageBody>
      {enrolling ? <EnrolDialog open onOpenChange={setEnrolling} hosts={fleet.data?.hosts ?? []} /> : null}
    </>
  );
}

function Summary({ fleet }: { fleet: FleetOverview }): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const hosts = fleet.hosts.filter((host) => !isRevoked(host));
  const ready = hosts.filter((host) => host.state === "ready");
  const total = (pick: (host: Host) => number) => ready.reduce((sum, host) => sum + pick(host), 0);
  return (
    <Panel>
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
        <Figure label={messages.ready} value={format.number(ready.length)} of={messages.ofTotal(hosts.length)} />
        <Figure
          label={messages.freeSlots}
          value={format.number(total((host) => host.slotsFree))}
          of={messages.ofTotal(total((host) => host.slotsTotal))}
        />
        <Figure label={messages.running} value={format.number(fleet.queue.running)} />
        <Figure label={messages.queued} value={format.number(fleet.queue.queued)} />
      </dl>
    </Panel>
  );
}

/** Hosts that serve although their sandbox is not proven: said at the top, whoever looks. */
function UnprovenBanner({ hosts, onLook }: { hosts: readonly Host[]; onLook: (hostId: string) => void }): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  const unproven = hosts.filter((host) => host.isolation === "opted-out" && !isRevoked(host));
  const first = unproven[0];
  if (!first) return null;
  const properties = [...new Set(unproven.flatMap(unheld))].map((name) => {
    const key = `property_${name}` as keyof typeof messages;
    const word = messages[key];
    return typeof word === "string" ? word.slice(0, 1).toLowerCase() + word.slice(1) : name;
  });
  return (
    <Notice
      tone="warning"
      icon={<ShieldAlert aria-hidden />}
      title={messages.bannerTitle(format.list(unproven.map((host) => host.name)), unproven.length)}
      actions={<Button onClick={() => onLook(first.id)}>{messages.lookProof}</Button>}
    >
      {properties.length === 0 ? messages.bannerTextUnknown : messages.bannerText(format.list(properties))}
    </Notice>
  );
}
