"use client";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { liveMessages } from "./live-messages.ts";

const AGAIN_MS = 10_000;

/** How many rollouts move or are paused, beside the place's name; a paused one needs a person, and has their colour. */
export function LiveCount(): ReactNode {
  const messages = useMessages(liveMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const enabled = viewer.can("rollouts.read").allowed;
  const counts = useQuery(trpc.rollouts.list.queryOptions({ state: "live" }, { enabled, refetchInterval: AGAIN_MS })).data?.counts;
  if (!counts || counts.live === 0) return null;
  return (
    <span
      data-live={counts.live}
      className={
        counts.paused > 0
          ? "min-w-4 rounded-full bg-warning-soft px-1 text-center text-xs leading-4 font-semibold text-warning tabular-nums"
          : "text-xs text-ink-3 tabular-nums"
      }
    >
      {format.number(counts.live)} <span className="sr-only">{messages.countNote}</span>
      {counts.paused > 0 ? <span className="sr-only">, {messages.livePaused(counts.paused)}</span> : null}
    </span>
  );
}
