"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { CopyButton } from "@agent-factory/ui/copy-button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { Target } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { sloMessages } from "./slo-messages.ts";
import { SloPanel } from "./slo-panel.tsx";
import { sloState } from "./slo-state.ts";
import { useSlos } from "./use-slos.ts";

const WORST_FIRST = ["broken", "at-risk", "kept", "unknown"] as const;
const LINES = `spec:
  slo:
    availability: 99.5
    latencyP95: 2s
    window: 30d
`;

/** What templates promise and how they keep it, the worst first. */
export function SlosPage(): ReactNode {
  const messages = useMessages(sloMessages);
  const { allowed, reason } = useViewer().can("usage.read");
  const slos = useSlos();
  const items = slos.data?.items.toSorted((a, b) => WORST_FIRST.indexOf(sloState(a)) - WORST_FIRST.indexOf(sloState(b)));
  return (
    <>
      <PageHeader title={messages.title} />
      <PageBody>
        {allowed ? <p className="max-w-4xl text-pretty text-ink-2">{messages.lead}</p> : <NotAllowed reason={reason} />}
        {!allowed ? null : slos.isError ? (
          <QueryProblem title={messages.problem} error={slos.error} retry={() => void slos.refetch()} pending={slos.isFetching} />
        ) : items === undefined ? (
          <SkeletonRows label={messages.loading} rows={4} />
        ) : items.length === 0 ? (
          <Nothing />
        ) : (
          items.map((slo) => <SloPanel key={slo.templateName} slo={slo} />)
        )}
      </PageBody>
    </>
  );
}

function Nothing(): ReactNode {
  const messages = useMessages(sloMessages);
  return (
    <EmptyState
      icon={<Target />}
      title={messages.emptyTitle}
      action={
        <LinkButton variant="primary">
          <Link href="/templates">{messages.emptyAction}</Link>
        </LinkButton>
      }
    >
      <p>{messages.emptyText}</p>
      <div className="relative mx-auto mt-3 max-w-96 text-left">
        <pre className="overflow-x-auto rounded-sm border border-line bg-sunken p-3 text-sm">{LINES.trimEnd()}</pre>
        <div className="absolute top-1.5 right-1.5">
          <CopyButton text={LINES} label={messages.emptyCopy} done={messages.copied} />
        </div>
      </div>
    </EmptyState>
  );
}
