"use client";
import { Badge } from "@agent-factory/ui/badge";
import { LinkButton } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { skipToken, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Clock, GitPullRequestArrow, TriangleAlert } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { noticeMessages } from "./messages.ts";
import { NoticeIcon } from "./notice-icon.tsx";
import { SentenceText, useSentence } from "./notice-text.tsx";
import { type Notice, urgentKinds } from "./notice-view.ts";

const SHOWN_MAX = 5;
const QUIET_MS = 10_000;

/** What waits for this person: reviews that they can decide, and unread notices that something here cannot be trusted. */
export function NeedsMe(): ReactNode {
  const messages = useMessages(noticeMessages);
  const trpc = useTRPC();
  const decides = useViewer().can("reviews.approve").allowed;
  const waiting = useQuery(trpc.reviews.list.queryOptions(decides ? { filter: "waiting" } : skipToken, { refetchInterval: QUIET_MS }));
  const unread = useInfiniteQuery(
    trpc.notices.list.infiniteQueryOptions({ unreadOnly: true }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const failed = waiting.isError ? waiting : unread.isError ? unread : null;
  if (failed) {
    const title = failed === waiting ? messages.problemReviews : messages.problem;
    return <QueryProblem title={title} error={failed.error} retry={() => void failed.refetch()} />;
  }
  const loading = unread.isPending || (decides && waiting.isPending);
  const warnings = (unread.data?.pages.flatMap((page) => page.items) ?? []).filter((notice) => urgentKinds.includes(notice.kind));
  const reviews = waiting.data?.items ?? [];
  return (
    <Panel
      title={messages.needsMe}
      padding="none"
      actions={
        <LinkButton variant="ghost" size="sm">
          {decides && reviews.length > 0 ? (
            <Link href="/reviews">{messages.allReviews}</Link>
          ) : (
            <Link href="/inbox">{messages.openInbox}</Link>
          )}
        </LinkButton>
      }
    >
      {loading ? (
        <div aria-hidden className="flex h-[52px] items-center px-4">
          <Skeleton className="h-3.5 w-64" />
        </div>
      ) : reviews.length + warnings.length === 0 ? (
        <p className="px-4 py-4 text-pretty text-ink-2">{messages.needsNothing}</p>
      ) : (
        <ul>
          {warnings.slice(0, SHOWN_MAX).map((notice) => (
            <Warning key={notice.id} notice={notice} />
          ))}
          {reviews.slice(0, SHOWN_MAX).map((review) => (
            <ReviewLine key={review.number} review={review} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

const line = "relative flex min-h-[52px] items-center gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover/60";
const link = "rounded-sm font-semibold wrap-anywhere after:absolute after:inset-0 hover:underline";

type WaitingReview = {
  readonly number: number;
  readonly title: string;
  readonly templateName: string;
  readonly openedByName: string;
  readonly openedAt: string;
  readonly approvals: number;
  readonly required: number;
  readonly stale: boolean;
};

function ReviewLine({ review }: { review: WaitingReview }): ReactNode {
  const messages = useMessages(noticeMessages);
  const format = useFormat();
  return (
    <li className={line}>
      <GitPullRequestArrow aria-hidden className="size-4 shrink-0 text-accent" strokeWidth={1.75} />
      <span className="min-w-0 flex-1">
        <Link href={`/reviews/${review.number}`} className={link}>
          {review.title}
        </Link>
        <span className="block truncate text-sm text-ink-3">{messages.toReview(review.templateName, review.openedByName)}</span>
      </span>
      {review.stale ? (
        <Badge tone="warning" icon={<Clock aria-hidden />}>
          {messages.waitingLong}
        </Badge>
      ) : (
        <Badge tone="accent" icon={<GitPullRequestArrow aria-hidden />}>
          {messages.reviewWord}
        </Badge>
      )}
      <span className="hidden text-sm text-ink-2 md:block">{messages.approvals(review.approvals, review.required)}</span>
      <Moment at={review.openedAt} shown={format.relative(review.openedAt)} exact={format.dateTime(review.openedAt)} />
    </li>
  );
}

function Warning({ notice }: { notice: Notice }): ReactNode {
  const messages = useMessages(noticeMessages);
  const format = useFormat();
  const said = useSentence(notice);
  return (
    <li className={line}>
      <NoticeIcon kind={notice.kind} />
      <span className="min-w-0 flex-1">
        <Link href={notice.href} className={link}>
          <SentenceText {...said} strong />
        </Link>
        {said.more === null ? null : <span className="block truncate text-sm text-ink-3">{said.more.text}</span>}
      </span>
      <Badge tone={notice.kind === "review.problem" ? "warning" : "breached"} icon={<TriangleAlert aria-hidden />}>
        {messages.warningWord}
      </Badge>
      <Moment at={notice.at} shown={format.relative(notice.at)} exact={format.dateTime(notice.at)} />
    </li>
  );
}

function Moment({ at, shown, exact }: { at: string; shown: string; exact: string }): ReactNode {
  return (
    <time dateTime={at} title={exact} className="relative hidden w-24 text-right text-sm text-ink-3 sm:block">
      {shown}
    </time>
  );
}
