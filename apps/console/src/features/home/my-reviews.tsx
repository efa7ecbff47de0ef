"use client";
import { Badge } from "@agent-factory/ui/badge";
import { LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { useQuery } from "@tanstack/react-query";
import { Clock, GitPullRequestArrow } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { homeMessages } from "./messages.ts";

const SHOWN_MAX = 5;
const AGAIN_MS = 10_000;

/** What I asked others to decide. Nothing when nothing is open: the drafts say what to do next. */
export function MyReviews(): ReactNode {
  const messages = useMessages(homeMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const list = useQuery(trpc.reviews.list.queryOptions({ filter: "mine" }, { refetchInterval: AGAIN_MS }));
  if (list.isError) return <QueryProblem title={messages.problemReviews} error={list.error} retry={() => void list.refetch()} />;
  const reviews = (list.data?.items ?? []).filter(({ state }) => state === "open").slice(0, SHOWN_MAX);
  if (reviews.length === 0) return null;
  return (
    <Panel
      title={messages.myReviews}
      padding="none"
      actions={
        <LinkButton variant="ghost" size="sm">
          <Link href="/reviews?show=mine">{messages.allReviews}</Link>
        </LinkButton>
      }
    >
      <ul>
        {reviews.map((review) => (
          <li
            key={review.number}
            className="relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60"
          >
            <GitPullRequestArrow aria-hidden className="size-4 shrink-0 text-ink-3" strokeWidth={1.75} />
            <span className="min-w-0 flex-1">
              <Link
                href={`/reviews/${review.number}`}
                className="rounded-sm font-semibold wrap-anywhere after:absolute after:inset-0 hover:underline"
              >
                {review.title}
              </Link>
              <span className="block truncate text-sm text-ink-3">{messages.approvalsOf(review.approvals, review.required)}</span>
            </span>
            {review.stale ? (
              <Badge tone="warning" icon={<Clock aria-hidden />}>
                {messages.waitsLong}
              </Badge>
            ) : null}
            <time dateTime={review.openedAt} className="w-24 text-right text-sm text-ink-3">
              {format.relative(review.openedAt)}
            </time>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
