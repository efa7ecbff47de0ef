"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { CopyButton } from "@agent-factory/ui/copy-button";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { skipToken, useQuery } from "@tanstack/react-query";
import { Target } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { sloMessages } from "./slo-messages.ts";
import { SloPanel } from "./slo-panel.tsx";
import { sloState } from "./slo-state.ts";

const AGAIN_MS = 15_000;
const WORST_FIRST = ["broken", "at-risk", "kept", "unknown"] as const;
const LINES = `  slo:
    availability: 99.5   # percent of the runs that succeed
    latencyP95: 2s       # 95 of 100 runs take less
    window: 30d          # over what time`;

export function useSlos() {
  const trpc = useTRPC();
  const reads = useViewer().can("usage.read").allowed;
  return useQuery(trpc.usage.slos.queryOptions(reads ? {} : skipToken, { refetchInterval: AGAIN_MS, staleTime: 5_000 }));
}

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
      <div className="relative mt-3 text-left">
        <pre className="overflow-x-auto rounded-sm border border-line bg-sunken p-3 pr-24 text-sm">{LINES}</pre>
        <div className="absolute top-1.5 right-1.5">
          <CopyButton text={`${LINES}\n`} label={messages.emptyCopy} done={messages.copied} />
        </div>
      </div>
    </EmptyState>
  );
}
