"use client";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import type { ProofReport } from "./proof.ts";
import { proofDetailsMessages } from "./proof-details-messages.ts";
import { shortHash } from "./signing-view.ts";

export type VersionFacts = {
  readonly parentSemver: string | null;
  readonly codeDigest: string | null;
  readonly publishedByName: string;
  readonly logIndex: number | null;
  readonly runsLast7Days: number;
};

const link = "rounded-sm text-accent hover:underline";

/** Who let the version through, by the statement that was just verified; without one, nothing is claimed. */
export function ProofApprovals({ report, waiting }: { report: ProofReport | null; waiting: boolean }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const format = useFormat();
  if (!report?.publication) {
    return (
      <Panel title={messages.approvals}>
        {waiting || report ? (
          <p className="text-ink-2">{waiting ? messages.notYet : messages.unverified}</p>
        ) : (
          <Skeleton className="h-10 w-full" />
        )}
      </Panel>
    );
  }
  const { review, policy } = report.publication;
  const apart = review ? review.approvals.every(({ by }) => !review.contributors.some((id) => id.endsWith(by.id))) : true;
  return (
    <Panel title={messages.approvals}>
      {review === null ? (
        <p className="text-ink-2">{messages.noReview}</p>
      ) : (
        <>
          <ul className="-mt-1 flex flex-col divide-y divide-line">
            {review.approvals.map(({ by, at }) => (
              <li key={by.id} className="flex items-start gap-2.5 py-2">
                <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-healthy" />
                <span className="min-w-0">
                  <span className="block">{messages.approvedBy(by.name)}</span>
                  <time dateTime={at} className="block text-sm text-ink-3">
                    {format.dateTime(at)}
                  </time>
                </span>
              </li>
            ))}
          </ul>
          <p className="mt-1 text-ink-2">
            {messages.approvalsFrom(review.revision)}{" "}
            <Link href={`/reviews/${review.number}`} className="rounded-sm text-accent underline underline-offset-2">
              {messages.review(review.number)}
            </Link>
            .
          </p>
          {review.contributors.length > 0 ? (
            <p className="mt-1 flex items-start gap-1.5 text-ink-2">
              {apart ? null : <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />}
              <span>
                {(apart ? messages.contributorsApart : messages.contributorsMixed)(messages.contributors(review.contributors.length))}
              </span>
            </p>
          ) : null}
        </>
      )}
      <div className="mt-3 border-t border-line pt-3">
        <h3 className="sr-only">{messages.policy}</h3>
        <p className="flex items-start gap-2.5">
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-healthy" />
          <span>{messages.policyAllowed}</span>
        </p>
        <p className="mt-0.5 pl-6.5 text-sm text-ink-3">
          {messages.policyRevision}{" "}
          <code className="whitespace-nowrap" title={policy.revision}>
            {shortRevision(policy.revision)}
          </code>
        </p>
        {policy.rules.length > 0 ? (
          <div className="mt-1 pl-6.5 text-sm text-ink-2">
            <p>{messages.policyRules(policy.rules.length)}</p>
            <ul className="flex flex-wrap gap-x-3">
              {policy.rules.map((rule) => (
                <li key={rule}>
                  <code>{rule}</code>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
      </div>
    </Panel>
  );
}

/** Where a version came from: its parent, when and by whom it was published, and the files of its code. */
export function ProofProvenance({ name, publishedAt, version }: { name: string; publishedAt: string; version: VersionFacts }): ReactNode {
  const { parentSemver, codeDigest, publishedByName: publishedBy, logIndex, runsLast7Days } = version;
  const messages = useMessages(proofDetailsMessages);
  const format = useFormat();
  const rows: readonly (readonly [string, ReactNode])[] = [
    [
      messages.parent,
      parentSemver === null ? (
        messages.firstVersion
      ) : (
        <Link key="parent" href={`/templates/${name}/versions/${parentSemver}`} className={`font-mono ${link}`}>
          {parentSemver}
        </Link>
      ),
    ],
    [messages.published, format.dateTime(publishedAt)],
    [messages.publishedBy, publishedBy],
    [
      messages.logEntry,
      logIndex === null ? null : (
        <Link key="log" href={`/trust/log/${logIndex}`} className={link}>
          {format.number(logIndex)}
        </Link>
      ),
    ],
    [messages.runs, format.number(runsLast7Days)],
    [messages.code, codeDigest === null ? messages.noCode : <code key="code">{shortHash(codeDigest)}</code>],
  ];
  return (
    <Panel title={messages.provenance}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {rows.map(([label, value]) =>
          value === null ? null : (
            <div key={label} className="contents">
              <dt className="text-ink-3">{label}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ),
        )}
      </dl>
      {codeDigest === null ? null : <CodeFiles digest={codeDigest} />}
    </Panel>
  );
}

function CodeFiles({ digest }: { digest: string }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const archive = useQuery(
    trpc.archives.get.queryOptions({ digest }, { enabled: viewer.can("archives.read").allowed, staleTime: Number.POSITIVE_INFINITY }),
  );
  if (!archive.data) return null;
  return (
    <details className="mt-2">
      <summary className="rounded-sm text-sm text-ink-2 hover:text-ink">{messages.files(archive.data.files.length)}</summary>
      <ul className="mt-1 max-h-56 overflow-y-auto">
        {archive.data.files.map((file) => (
          <li key={file.path} className="flex items-baseline gap-2 py-0.5 text-sm">
            <span className="min-w-0 flex-1 truncate font-mono" title={file.path}>
              {file.path}
            </span>
            <span className="shrink-0 text-ink-3 tabular-nums">{format.bytes(file.sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function shortRevision(revision: string): string {
  return revision.length > 16 ? shortHash(revision) : revision;
}
