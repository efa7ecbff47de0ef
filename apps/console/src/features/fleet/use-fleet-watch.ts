"use client";
import { skipToken, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTRPC } from "../../trpc/client.tsx";
import { useVisible } from "../../trpc/use-visible.ts";

/** Loads the fleet again whenever the registry says that something in it changed, while somebody looks. */
export function useFleetWatch(): void {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const visible = useVisible();
  useSubscription(
    trpc.fleet.watch.subscriptionOptions(visible ? undefined : skipToken, {
      onData: () => void queryClient.invalidateQueries(trpc.fleet.list.queryFilter()),
    }),
  );
}
