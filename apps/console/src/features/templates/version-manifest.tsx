"use client";
import { CodeEditor } from "@agent-factory/ui/code-editor";
import { Dialog } from "@agent-factory/ui/dialog";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { templateMessages } from "./messages.ts";

/** A version's manifest as it was published. */
export function VersionManifest({ name, semver, onClose }: { name: string; semver: string; onClose: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const version = useQuery(trpc.templates.getVersion.queryOptions({ name, semver }, { staleTime: Number.POSITIVE_INFINITY }));
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      size="lg"
      title={messages.manifestOf(semver)}
      {...(version.data ? { description: <code className="text-sm break-all">{version.data.digest}</code> } : {})}
      closeLabel={messages.close}
    >
      <div className="-mx-5 -my-4 h-[60dvh]">
        {version.isError ? (
          <QueryProblem error={version.error} retry={() => void version.refetch()} />
        ) : version.data ? (
          <CodeEditor
            name={`version/${name}/${semver}.yaml`}
            language="yaml"
            label={messages.manifestOf(semver)}
            value={version.data.source}
            readOnly
          />
        ) : (
          <Skeleton className="m-4 h-24" />
        )}
      </div>
    </Dialog>
  );
}
