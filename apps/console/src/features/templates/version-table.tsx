"use client";
import { Panel } from "@agent-factory/ui/panel";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import { toast } from "@agent-factory/ui/toast";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { Copy, GitPullRequestArrow } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { stoppedBy } from "./runnable-version.ts";
import { shortDigest, type TemplateView, type VersionRow } from "./template-view.ts";
import { VersionActions } from "./version-actions.tsx";
import { versionMessages } from "./version-messages.ts";
import { RolledBackMark, SignedMark, StoppedMark, VersionState } from "./version-state.tsx";

/** The versions of a template, highest first: how each stands, who let it through, and what can be done with it. */
export function VersionTable({
  template,
  onRun,
  onManifest,
}: {
  template: TemplateView;
  onRun: (semver: string) => void;
  onManifest: (semver: string) => void;
}): ReactNode {
  const messages = useMessages(versionMessages);
  const format = useFormat();
  if (template.versions.length === 0) {
    return (
      <Panel title={messages.versions}>
        <p className="text-ink-2">{messages.empty}</p>
      </Panel>
    );
  }
  const columns: Column<VersionRow>[] = [
    {
      key: "semver",
      header: messages.columnVersion,
      cell: (row) => (
        <RowLink note={row.parentSemver === null ? messages.first : messages.from(row.parentSemver)}>
          <Link href={`/templates/${template.name}/versions/${row.semver}`} className="font-mono">
            {row.semver}
          </Link>
        </RowLink>
      ),
    },
    {
      key: "state",
      header: messages.columnState,
      cell: (row) => (
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <VersionState state={row.state} />
          <SignedMark version={row} />
          <RolledBackMark rollout={row.rolledBack} />
          <StoppedMark by={stoppedBy(row, template.versions)} />
        </span>
      ),
    },
    {
      key: "published",
      header: messages.columnPublished,
      from: "sm",
      cell: (row) => (
        <span className="block whitespace-nowrap">
          <span className="flex items-center gap-1.5 text-ink-2">
            <time dateTime={row.publishedAt} title={format.dateTime(row.publishedAt)}>
              {format.relative(row.publishedAt)}
            </time>
            {row.reviewNumber === null ? null : <ReviewLink number={row.reviewNumber} />}
          </span>
          <span className="block text-sm text-ink-3">{messages.by(row.publishedByName)}</span>
        </span>
      ),
    },
    { key: "digest", header: messages.columnDigest, from: "xl", cell: (row) => <Digest digest={row.digest} /> },
    {
      key: "runs",
      header: messages.columnRuns,
      align: "right",
      from: "md",
      cell: (row) => <span className={row.runsLast7Days === 0 ? "text-ink-3" : undefined}>{format.number(row.runsLast7Days)}</span>,
    },
    {
      key: "actions",
      header: messages.columnActions,
      headerHidden: true,
      align: "right",
      // Where the columns do not fit, the others move below it.
      className: "sticky right-0 bg-surface",
      cell: (row) => (
        <span className="relative z-1">
          <VersionActions template={template} version={row} onRun={() => onRun(row.semver)} onManifest={() => onManifest(row.semver)} />
        </span>
      ),
    },
  ];
  return <Table label={messages.versions} columns={columns} rows={template.versions} rowKey={(row) => row.id} />;
}

function ReviewLink({ number }: { number: number }): ReactNode {
  const messages = useMessages(versionMessages);
  return (
    <Tooltip content={messages.review(number)}>
      <Link
        href={`/reviews/${number}`}
        aria-label={messages.review(number)}
        className="relative z-1 inline-flex items-center gap-0.5 rounded-sm text-accent hover:underline"
      >
        <GitPullRequestArrow aria-hidden className="size-3" />
        {number}
      </Link>
    </Tooltip>
  );
}

function Digest({ digest }: { digest: string }): ReactNode {
  const messages = useMessages(versionMessages);
  return (
    <Tooltip content={messages.copyDigest}>
      <button
        type="button"
        className="relative z-1 inline-flex items-center gap-1.5 rounded-sm font-mono text-sm whitespace-nowrap text-ink-2 hover:text-ink"
        onClick={() => void navigator.clipboard.writeText(digest).then(() => toast.success(messages.copied))}
      >
        {shortDigest(digest)}
        <Copy aria-hidden className="size-3 text-ink-3" />
      </button>
    </Tooltip>
  );
}
