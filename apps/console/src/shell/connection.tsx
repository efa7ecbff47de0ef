"use client";
import { useQueryClient } from "@tanstack/react-query";
import { CloudOff } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { useTRPCClient } from "../trpc/client.tsx";
import { useReachability } from "../trpc/reachability.ts";
import { shellMessages } from "./messages.ts";

const ASK_AGAIN_MS = 3_000;

/** Whether the registry answers. While it does not, it is asked every few seconds, and what failed is loaded again when it is back. */
export function Connection(): ReactNode {
  const messages = useMessages(shellMessages);
  const reachability = useReachability();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  useEffect(() => {
    if (reachability === "reachable") return;
    const timer = setInterval(() => {
      client.session.me.query().then(
        () => queryClient.invalidateQueries(),
        () => {},
      );
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [reachability, client, queryClient]);
  const lost = reachability === "unreachable";
  return (
    <p role="status" data-connection={reachability} className="flex min-h-8 items-center gap-2.5 px-2 text-sm text-ink-3">
      {lost ? (
        <CloudOff aria-hidden className="size-4 shrink-0 text-breached" />
      ) : (
        <span aria-hidden className="flex size-4 shrink-0 items-center justify-center">
          <span className="size-2 rounded-full bg-healthy" />
        </span>
      )}
      <span className={lost ? "text-breached" : undefined}>{lost ? messages.disconnected : messages.connected}</span>
    </p>
  );
}
