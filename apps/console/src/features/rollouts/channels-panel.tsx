"use client";
import { Button, IconButton, LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { GitBranch, History, Plus } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { channelMessages } from "./channel-messages.ts";
import { percentOf } from "./percent.ts";
import type { ChannelRow } from "./rollout-view.ts";

const CreateChannel = dynamic(() => import("./create-channel.tsx").then((loaded) => loaded.CreateChannel), { ssr: false });
const ChannelHistory = dynamic(() => import("./channel-history.tsx").then((loaded) => loaded.ChannelHistory), { ssr: false });

const MOVING_MS = 2_000;
const QUIET_MS = 15_000;

/** What runs may ask for by name, what they get now, and what moves. */
export function ChannelsPanel({ templateName }: { templateName: string }): ReactNode {
  const messages = useMessages(channelMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const [creating, setCreating] = useState(false);
  const [historyOf, setHistoryOf] = useState<string | null>(null);
  const channels = useQuery(
    trpc.channels.list.queryOptions(
      { templateName },
      { refetchInterval: ({ state }) => (state.data?.items.some(({ rollout }) => rollout !== null) ? MOVING_MS : QUIET_MS) },
    ),
  );
  return (
    <Panel
      id="channels"
      title={messages.channels}
      actions={
        <IconButton
          size="sm"
          label={messages.create}
          onClick={() => setCreating(true)}
          disabledReason={viewer.can("channels.create").reason}
        >
          <Plus aria-hidden />
        </IconButton>
      }
    >
      {channels.isError ? (
        <QueryProblem error={channels.error} retry={() => void channels.refetch()} />
      ) : !channels.data ? (
        <Skeleton className="h-12 w-full" />
      ) : channels.data.items.length === 0 ? (
        <div className="flex flex-col items-start gap-2">
          <p className="text-pretty text-ink-2">{messages.channelsEmpty}</p>
          <Button size="sm" onClick={() => setCreating(true)} disabledReason={viewer.can("channels.create").reason}>
            {messages.create}
          </Button>
        </div>
      ) : (
        <ul className="-my-1 flex flex-col divide-y divide-line" data-testid="channels">
          {channels.data.items.map((channel) => (
            <Channel key={channel.id} channel={channel} onHistory={() => setHistoryOf(channel.name)} />
          ))}
        </ul>
      )}
      {creating ? <CreateChannel templateName={templateName} onClose={() => setCreating(false)} /> : null}
      {historyOf === null ? null : <ChannelHistory templateName={templateName} name={historyOf} onClose={() => setHistoryOf(null)} />}
    </Panel>
  );
}

function Channel({ channel, onHistory }: { channel: ChannelRow; onHistory: () => void }): ReactNode {
  const messages = useMessages(channelMessages);
  const viewer = useViewer();
  const format = useFormat();
  const { name, templateName, stable, canary, canaryWeightPercent, rollout, runsLast24h, planName } = channel;
  const mayStart = viewer.can("rollouts.start");
  return (
    <li className="flex flex-col gap-1.5 py-2.5">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate">
          <span className="font-semibold">{name}</span>{" "}
          {stable === null ? (
            <span className="text-ink-3">{messages.noVersion}</span>
          ) : (
            <>
              <span className="font-mono text-sm">{stable.semver}</span>
              {stable.state === "revoked" ? <span className="text-breached"> {messages.revoked}</span> : null}
            </>
          )}
        </span>
        <IconButton size="sm" label={messages.historyOf(name)} onClick={onHistory}>
          <History aria-hidden />
        </IconButton>
      </div>
      {rollout === null ? null : (
        <p className="flex flex-wrap items-center gap-x-2 text-sm">
          <GitBranch aria-hidden className="size-3.5 text-canary-ink" />
          {canary === null ? null : <span>{messages.canaryOf(canary.semver, percentOf(canaryWeightPercent, format))}</span>}
          <Link href={`/rollouts/${rollout.number}`} className="rounded-sm text-accent hover:underline">
            {messages.rollout(rollout.number)}
          </Link>
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1.5">
        <span className="flex-1 text-sm text-ink-3">
          {messages.runs(format.number(runsLast24h), runsLast24h === 1)} ·{" "}
          <Link href={`/rollouts/plans/${planName}`} className="rounded-sm hover:underline">
            {messages.plan(planName)}
          </Link>
        </span>
        {mayStart.allowed && rollout === null ? (
          <LinkButton size="sm">
            <Link href={`/rollouts?start=${templateName}/${name}`} aria-label={messages.startOn(name)}>
              {messages.start}
            </Link>
          </LinkButton>
        ) : (
          <Button size="sm" disabledReason={mayStart.reason ?? messages.live(rollout?.number ?? 0)} aria-label={messages.startOn(name)}>
            {messages.start}
          </Button>
        )}
      </div>
    </li>
  );
}
