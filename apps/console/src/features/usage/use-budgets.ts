"use client";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";

const AGAIN_MS = 15_000;

/** This month's budgets; nothing for whom they are not. */
export function useBudgets() {
  const trpc = useTRPC();
  const reads = useViewer().can("budgets.read").allowed;
  return useQuery(trpc.usage.budgets.queryOptions(reads ? undefined : skipToken, { refetchInterval: AGAIN_MS, staleTime: 5_000 }));
}
