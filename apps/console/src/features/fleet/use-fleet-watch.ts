"use client";
import { skipToken, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useState } from "react";
import { useTRPC } from "../../trpc/client.tsx";

/**
 * Loads the fleet again whenever the registry says that something in it changed. A tab in the background lets go of its
 * stream: a browser keeps few connections to one origin, and whoever works needs them.
 */
export function useFleetWatch(): void {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  useSubscription(
    trpc.fleet.watch.subscriptionOptions(visible ? undefined : skipToken, {
      onData: () => void queryClient.invalidateQueries(trpc.fleet.list.queryFilter()),
    }),
  );
}
