"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../trpc/client.tsx";
import type { MetricState } from "./rollout-view.ts";

/** In which costs are said: the price book's. Asked for only where a metric is about cost; null until it is known. */
export function useCurrency(metrics: readonly Pick<MetricState, "name" | "target">[]): string | null {
  const trpc = useTRPC();
  const enabled = metrics.some(({ name, target }) => name === "dear" && target !== null);
  return useQuery(trpc.usage.prices.queryOptions(undefined, { enabled, staleTime: 600_000 })).data?.currency ?? null;
}
