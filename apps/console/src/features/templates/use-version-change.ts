"use client";
import { toast } from "@agent-factory/ui/toast";
import { useQueryClient } from "@tanstack/react-query";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { versionMessages } from "./version-messages.ts";

/** What everything that changes a version does when it is done: say so, look again; when it fails: say why. */
export function useVersionChange(semver: string, onDone: () => void = () => undefined) {
  const messages = useMessages(versionMessages);
  const sayFailed = useFailureToast(messages.failed(semver));
  const trpc = useTRPC();
  const queries = useQueryClient();
  return (said: string) => ({
    onSuccess: async () => {
      toast.success(said);
      onDone();
      // A proof says whether the version is revoked, too.
      await Promise.all([trpc.templates, trpc.signing].map((of) => queries.invalidateQueries({ queryKey: of.pathKey() })));
    },
    onError: sayFailed,
  });
}
