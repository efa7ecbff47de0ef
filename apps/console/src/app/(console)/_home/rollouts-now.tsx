"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { homeMessages } from "../../../features/home/messages.ts";
import { Rows } from "../../../features/home/my-drafts.tsx";
import { RolloutStateBadge } from "../../../features/rollouts/rollout-state.tsx";
import { useFormat, useMessages } from "../../../i18n/i18n.tsx";
import { useTRPC } from "../../../trpc/client.tsx";
import { QueryProblem } from "../../../trpc/failure.tsx";

const SHOWN_MAX = 6;
const AGAIN_MS = 5_000;

/** The rollouts under way, those that wait for somebody first. */
export function RolloutsNow(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const list = useQuery(trpc.rollouts.list.queryOptions({ state: "live" }, { refetchInterval: AGAIN_MS }));
  if (list.isError) return <QueryProblem title={messages.problemRollouts} error={list.error} retry={() => void list.refetch()} />;
  const live = list.data?.items.toSorted((a, b) => Number(b.state === "paused") - Number(a.state === "paused")).slice(0, SHOWN_MAX);
  return (
    <Panel
      title={messages.rollouts}
      padding="none"
      actions={
        <LinkButton variant="ghost" size="sm">
          <Link href="/rollouts">{messages.allRollouts}</Link>
        </LinkButton>
      }
    >
      {live === undefined ? (
        <Rows count={1} />
      ) : live.length === 0 ? (
        <p className="px-4 py-4 text-pretty text-ink-2">{messages.noRollouts}</p>
      ) : (
        <ul>
          {live.map((rollout) => (
            <li
              key={rollout.number}
              className="relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60"
            >
              <span className="min-w-0 flex-1">
                <Link
                  href={`/rollouts/${rollout.number}`}
                  className="rounded-sm font-semibold after:absolute after:inset-0 hover:underline"
                >
                  {rollout.templateName} {rollout.canary}
                </Link>
                <span className="block truncate text-sm text-ink-3">
                  {messages.rolloutStep(rollout.channel, rollout.step + 1, rollout.steps, format.percent(rollout.weightPercent / 100, 0))}
                </span>
              </span>
              <RolloutStateBadge state={rollout.state} />
              <time dateTime={rollout.startedAt} className="hidden w-24 text-right text-sm text-ink-3 sm:block">
                {format.relative(rollout.startedAt)}
              </time>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
