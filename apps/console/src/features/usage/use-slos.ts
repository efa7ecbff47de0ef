"use client";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";

const AGAIN_MS = 15_000;

/** What every template promises and how it keeps it; nothing for whom it is not. */
export function useSlos() {
  const trpc = useTRPC();
  const reads = useViewer().can("usage.read").allowed;
  return useQuery(trpc.usage.slos.queryOptions(reads ? {} : skipToken, { refetchInterval: AGAIN_MS, staleTime: 5_000 }));
}
