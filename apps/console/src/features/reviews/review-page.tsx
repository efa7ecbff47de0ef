"use client";
/** One review: what it would change, what stands in its way, who decided what, and what was said. */
import { Badge } from "@agent-factory/ui/badge";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { toast } from "@agent-factory/ui/toast";
import { RefreshCw, Scale } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useAddress } from "../../session/use-address.ts";
import { QueryProblem } from "../../trpc/failure.tsx";
import { anchor, lineOf, quoteOf } from "./anchors.ts";
import { ApprovalsPanel } from "./approvals-panel.tsx";
import type { Asking } from "./asking.ts";
import { ChangeList } from "./change-list.tsx";
import { ChecksPanel } from "./checks-panel.tsx";
import { Conversation } from "./conversation.tsx";
import { Decisions, useWhyNot } from "./decisions.tsx";
import { DiffPanel, useAgainstName } from "./diff-panel.tsx";
import type { Layout } from "./diff-rows.ts";
import type { DiffHandle } from "./diff-table.tsx";
import { linesOf } from "./line-diff.ts";
import { useLineForms } from "./line-forms.tsx";
import { reviewMessages } from "./messages.ts";
import type { ReadHead, Replaced } from "./read-head.ts";
import { planHref, type ReviewPageView, type Thread } from "./review-view.ts";
import { StagePanel } from "./stage-panel.tsx";
import { type Against, type Comparison, useComparison } from "./use-comparison.ts";
import { useParsed } from "./use-parsed.ts";
import { useRemarks } from "./use-remarks.ts";
import { useReadHead, useReview } from "./use-review.ts";
import { useReviewKeys } from "./use-review-keys.ts";

export function ReviewPage({ number }: { number: number }): ReactNode {
  const messages = useMessages(reviewMessages);
  const review = useReview(number);
  if (review.data) return <LoadedReview key={review.data.id} review={review.data} />;
  return (
    <>
      <PageHeader breadcrumbs={crumbs(messages.title)} title={`#${number}`} />
      <PageBody>
        {review.isError ? (
          <>
            <QueryProblem error={review.error} retry={() => void review.refetch()} title={messages.notFoundTitle} />
            <div>
              <LinkButton>
                <Link href="/reviews">{messages.backToReviews}</Link>
              </LinkButton>
            </div>
          </>
        ) : (
          <div aria-busy className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_336px]">
            <div className="flex flex-col gap-4">
              <Skeleton className="h-28 w-full rounded-md" />
              <Skeleton className="h-36 w-full rounded-md" />
              <Skeleton className="h-96 w-full rounded-md" />
            </div>
            <div className="flex flex-col gap-4">
              <Skeleton className="h-44 w-full rounded-md" />
              <Skeleton className="h-48 w-full rounded-md" />
            </div>
          </div>
        )}
      </PageBody>
    </>
  );
}

function LoadedReview({ review }: { review: ReviewPageView }): ReactNode {
  const messages = useMessages(reviewMessages);
  const address = useAddress();
  const { head } = review;
  const { read, replaced, takeNote } = useReadHead(head);
  const changed = replaced !== null && review.state === "open";
  const [readBefore, setReadBefore] = useState<ReadHead | null>(null);
  const [asking, setAsking] = useState<Asking>(null);
  const diff = useRef<DiffHandle>(null);

  const since = Number(address.get("since") ?? Number.NaN);
  const known = review.revisions.some(({ revision }) => revision === since && revision !== head.revision);
  const against = useMemo<Against>(
    () => (readBefore ? { kind: "read", read: readBefore } : known ? { kind: "revision", revision: since } : { kind: "base" }),
    [readBefore, known, since],
  );
  const compareWith = useCallback(
    (next: Against) => {
      setReadBefore(next.kind === "read" ? next.read : null);
      address.set("since", next.kind === "revision" ? String(next.revision) : null);
    },
    [address],
  );
  const setLayout = useCallback((next: Layout) => address.set("layout", next === "split" ? next : null), [address]);
  const layout: Layout = address.get("layout") === "split" ? "split" : "unified";

  const codeHref = `/templates/${review.templateName}/drafts/${review.draftId}?view=code`;
  const comparison = useComparison(review, against);
  const parsed = useParsed(head.content);
  const lines = useMemo(() => linesOf(head.content), [head.content]);
  const anchors = useMemo(
    () => (parsed ? anchor(review.threads, parsed, lines) : { byLine: new Map<number, Thread[]>(), gone: [], general: [] }),
    [review.threads, parsed, lines],
  );
  const forms = useLineForms(review, parsed);
  const remarks = useRemarks(review, forms.reopen);
  const why = useWhyNot({ review, changed });
  const goTo = (line: number) => diff.current?.goTo(line);
  const show = (thread: Thread) => {
    const { pointer } = thread;
    if (pointer === null || !parsed || anchors.gone.includes(thread)) return null;
    return () => goTo(lineOf(pointer, quoteOf(thread.body), parsed, lines));
  };
  useReviewKeys({
    next: () => diff.current?.step(1),
    previous: () => diff.current?.step(-1),
    comment: () => {
      const line = diff.current?.here() ?? null;
      if (line !== null) forms.openAt(line);
    },
    approve: () => {
      if (review.state !== "open") return;
      if (why.approve === undefined) setAsking("approve");
      else toast.info(why.approve);
    },
  });
  const sinceApproved = against.kind === "revision" && against.revision === review.mine.lastApprovedRevision ? against.revision : null;

  return (
    <>
      <PageHeader
        breadcrumbs={crumbs(messages.title)}
        title={
          <>
            <Link
              href={review.subjectKind === "plan" ? planHref(review) : `/templates/${review.templateName}`}
              className="rounded-sm hover:underline"
              title={review.subjectKind === "plan" ? undefined : messages.openTemplate(review.templateName)}
            >
              {review.templateName}
            </Link>
            {head.nextSemver === null ? null : ` ${review.outcome ?? head.nextSemver}`}
          </>
        }
        badges={
          <>
            <Badge tone="accent" icon={null}>
              {messages.revision(head.revision)}
            </Badge>
            <AskedWhen review={review} />
          </>
        }
        actions={
          review.state === "open" ? (
            <Decisions review={review} read={read} changed={changed} since={sinceApproved} asking={asking} onAsking={setAsking} />
          ) : null
        }
      />
      <PageBody>
        {replaced !== null && changed ? (
          <ChangedNotice
            review={review}
            replaced={replaced}
            onShow={() => {
              if (replaced === "base") compareWith({ kind: "base" });
              else if (review.mine.lastApprovedRevision === read.revision) compareWith({ kind: "revision", revision: read.revision });
              else compareWith({ kind: "read", read });
              takeNote();
            }}
            onGoOn={takeNote}
          />
        ) : null}
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_336px] xl:grid-rows-[auto_1fr]">
          <div className="flex min-w-0 flex-col gap-4">
            <StagePanel review={review} />
            <WhatChanged review={review} against={against} comparison={comparison}>
              {(changes) => <ChangeList changes={changes} parsed={parsed} codeHref={codeHref} onGoTo={goTo} />}
            </WhatChanged>
          </div>
          <div className="flex min-w-0 flex-col gap-4 xl:col-start-2 xl:row-span-2 xl:row-start-1">
            <ApprovalsPanel review={review} />
            <ChecksPanel review={review} parsed={parsed} onGoTo={goTo} />
            {review.state === "open" && head.nextSemver !== null ? (
              <Panel title={messages.whenPublished}>
                <p className="text-pretty text-ink-2">
                  {review.subjectKind === "plan" ? messages.whenPublishedPlan : messages.whenPublishedText(head.nextSemver)}
                </p>
              </Panel>
            ) : null}
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <DiffPanel
              review={review}
              against={against}
              comparison={comparison}
              onAgainst={compareWith}
              layout={layout}
              onLayout={setLayout}
              parsed={parsed}
              anchors={anchors}
              remarks={remarks}
              forms={forms}
              handle={diff}
            />
            <Conversation review={review} remarks={remarks} forms={forms} onShow={show} />
          </div>
        </div>
      </PageBody>
    </>
  );
}

/** Alone, because its words change as time passes, and the page around it does not. */
function AskedWhen({ review }: { review: ReviewPageView }): ReactNode {
  const messages = useMessages(reviewMessages);
  const format = useFormat();
  return <span className="text-ink-2">{messages.askedWhen(review.openedBy.name, format.relative(review.openedAt))}</span>;
}

/** What is being read is another by now: said at once, and nothing can be approved unseen. */
function ChangedNotice({
  review,
  replaced,
  onShow,
  onGoOn,
}: {
  review: ReviewPageView;
  replaced: Replaced;
  onShow: () => void;
  onGoOn: () => void;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const { head } = review;
  const sentences = {
    content: [messages.changedTitle(head.createdByName, head.revision), messages.changedText],
    base: [messages.baseChangedTitle(head.base?.semver ?? ""), messages.baseChangedText],
    policy: [messages.policyChangedTitle, messages.policyChangedText],
  };
  const [title, text] = sentences[replaced];
  return (
    <Notice
      tone="warning"
      icon={replaced === "policy" ? <Scale aria-hidden /> : <RefreshCw aria-hidden />}
      title={title}
      actions={
        <>
          <Button size="sm" onClick={onGoOn}>
            {replaced === "base" ? messages.baseChangedHide : messages.changedHide}
          </Button>
          {replaced === "policy" ? null : (
            <Button size="sm" variant="primary" onClick={onShow}>
              {messages.changedShow}
            </Button>
          )}
        </>
      }
    >
      {text}
    </Notice>
  );
}

function WhatChanged({
  review,
  against,
  comparison,
  children,
}: {
  review: ReviewPageView;
  against: Against;
  comparison: Comparison;
  children: (changes: NonNullable<Comparison["changes"]>) => ReactNode;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const name = useAgainstName(review, against);
  const { head } = review;
  const { changes, unknown } = comparison;
  const first = against.kind === "base" && head.base === null;
  return (
    <Panel
      title={against.kind === "base" && head.base === null ? messages.whatChanged : messages.whatChangedSince(name)}
      {...(against.kind === "base" && !first && head.demands !== "none" && head.nextSemver !== null
        ? { footer: messages.demands(messages[head.demands], head.nextSemver) }
        : {})}
    >
      {unknown !== null ? (
        <QueryProblem error={unknown.error} retry={unknown.retry} />
      ) : changes === undefined ? (
        <Skeleton className="h-10 w-full" />
      ) : changes === null ? (
        <p className="text-ink-2">{messages.cannotCompare}</p>
      ) : first ? (
        <p className="text-ink-2">{messages.firstVersion}</p>
      ) : changes.length === 0 ? (
        <p className="text-ink-2">{messages.sameMeaning}</p>
      ) : (
        children(changes)
      )}
    </Panel>
  );
}

function crumbs(title: string): ReactNode[] {
  return [
    <Link key="reviews" href="/reviews">
      {title}
    </Link>,
  ];
}
