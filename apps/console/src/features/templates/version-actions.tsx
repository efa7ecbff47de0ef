"use client";
import { Button, IconButton } from "@agent-factory/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@agent-factory/ui/menu";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { useMutation } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Ban, Ellipsis, FilePen, FileText, Play, ShieldCheck } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { stoppedBy } from "./runnable-version.ts";
import type { TemplateView, VersionRow } from "./template-view.ts";
import { useVersionChange } from "./use-version-change.ts";
import { versionMessages } from "./version-messages.ts";

const DeprecateDialog = dynamic(() => import("./version-dialogs.tsx").then((loaded) => loaded.DeprecateDialog), { ssr: false });
const RevokeDialog = dynamic(() => import("./version-dialogs.tsx").then((loaded) => loaded.RevokeDialog), { ssr: false });

/** Why this version cannot be run by this viewer now, or nothing. */
export function useWhyNotRun(): (version: VersionRow, all: readonly VersionRow[]) => string | undefined {
  const messages = useMessages(versionMessages);
  const viewer = useViewer();
  return (version, all) => {
    const reason = viewer.can("runs.submit").reason;
    if (reason !== undefined) return reason;
    if (version.state === "revoked") return messages.whyRevoked;
    const stopped = stoppedBy(version, all);
    if (stopped) return messages.whyStopped(stopped.semver);
    if (version.distrusted) return messages.whyDistrusted;
    return version.signed ? undefined : messages.whyUnsigned;
  };
}

/** What can be done with a version. What cannot be done now stays, and says why and who can. */
export function VersionActions({
  template,
  version,
  onRun,
  onManifest,
}: {
  template: TemplateView;
  version: VersionRow;
  onRun: () => void;
  onManifest: () => void;
}): ReactNode {
  const messages = useMessages(versionMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const router = useRouter();
  const whyNotRun = useWhyNotRun();
  const [asking, setAsking] = useState<"deprecate" | "revoke" | null>(null);
  const outcome = useVersionChange(version.semver);
  const say = useFailureToast();
  const undeprecate = useMutation(trpc.templates.undeprecate.mutationOptions(outcome(messages.undeprecated(version.semver))));
  const draft = useMutation(
    trpc.drafts.create.mutationOptions({
      onSuccess: (made) => router.push(`/templates/${template.name}/drafts/${made.draftId}`),
      onError: say,
    }),
  );
  const { semver } = version;
  const name = template.name;
  const forGood = version.state === "revoked" ? messages.whyRevokedAlready : undefined;
  return (
    <span className="inline-flex items-center gap-1">
      <Button size="sm" aria-label={messages.runOf(semver)} disabledReason={whyNotRun(version, template.versions)} onClick={onRun}>
        <Play aria-hidden />
        <span className="max-sm:sr-only">{messages.run}</span>
      </Button>
      <Tooltip content={messages.proofOf(semver)}>
        <Link
          href={`/templates/${name}/versions/${semver}`}
          aria-label={messages.proofOf(semver)}
          className="flex size-7 shrink-0 items-center justify-center rounded-sm text-ink-2 transition-colors hover:bg-hover hover:text-ink max-sm:hidden"
        >
          <ShieldCheck aria-hidden className="size-3.5" />
        </Link>
      </Tooltip>
      <Menu
        trigger={
          <IconButton size="sm" label={messages.actionsOf(semver)}>
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        <MenuItem asChild>
          <Link href={`/templates/${name}/versions/${semver}`}>
            <ShieldCheck aria-hidden />
            {messages.proof}
          </Link>
        </MenuItem>
        <MenuItem icon={<FileText aria-hidden />} onSelect={onManifest}>
          {messages.manifest}
        </MenuItem>
        <MenuItem
          icon={<FilePen aria-hidden />}
          disabledReason={viewer.can("drafts.create").reason}
          onSelect={() => draft.mutate({ templateName: name, baseSemver: semver })}
        >
          {messages.draft}
        </MenuItem>
        <MenuSeparator />
        {version.state === "deprecated" ? (
          <MenuItem
            icon={<ArchiveRestore aria-hidden />}
            disabledReason={viewer.can("templates.deprecate").reason}
            onSelect={() => undeprecate.mutate({ name, semver })}
          >
            {messages.undeprecate}
          </MenuItem>
        ) : (
          <MenuItem
            icon={<Archive aria-hidden />}
            disabledReason={viewer.can("templates.deprecate").reason ?? forGood}
            onSelect={() => setAsking("deprecate")}
          >
            {messages.deprecate}
          </MenuItem>
        )}
        <MenuItem
          tone="danger"
          icon={<Ban aria-hidden />}
          disabledReason={viewer.can("templates.revoke").reason ?? forGood}
          onSelect={() => setAsking("revoke")}
        >
          {messages.revoke}
        </MenuItem>
      </Menu>
      {asking === "deprecate" ? <DeprecateDialog template={template} semver={semver} onClose={() => setAsking(null)} /> : null}
      {asking === "revoke" ? <RevokeDialog template={template} semver={semver} onClose={() => setAsking(null)} /> : null}
    </span>
  );
}
