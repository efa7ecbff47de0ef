"use client";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";

const AGAIN_MS = 30_000;

/** The tenant's tokens; nothing for whom they are not. */
export function useTokens() {
  const trpc = useTRPC();
  const reads = useViewer().can("tokens.read").allowed;
  return useQuery(trpc.tokens.list.queryOptions(reads ? undefined : skipToken, { refetchInterval: AGAIN_MS, staleTime: 5_000 }));
}
