"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BadgeCheck, CircleDashed, GitMerge, LoaderCircle, type LucideIcon, TriangleAlert, Undo2, X } from "lucide-react";
import Link from "next/link";
import { type ReactNode, use } from "react";
import { loadFailureSentences } from "../../i18n/failures.ts";
import { useFormat, useLocale, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import { reviewMessages } from "./messages.ts";
import { type Stage, stageOf } from "./review-stage.ts";
import { planHref, type ReviewPageView } from "./review-view.ts";
import { usePeople } from "./use-people.ts";
import { Words } from "./words.tsx";

const looks: Record<Stage["name"], { readonly Icon: LucideIcon; readonly ink: string }> = {
  unsound: { Icon: TriangleAlert, ink: "text-warning" },
  waiting: { Icon: CircleDashed, ink: "text-ink-3" },
  publishing: { Icon: LoaderCircle, ink: "text-accent" },
  stuck: { Icon: TriangleAlert, ink: "text-breached" },
  published: { Icon: BadgeCheck, ink: "text-healthy" },
  rejected: { Icon: X, ink: "text-breached" },
  withdrawn: { Icon: Undo2, ink: "text-ink-3" },
};

/** What the review is about, where it stands, in a sentence, and what to do about it. */
export function StagePanel({ review }: { review: ReviewPageView }): ReactNode {
  const stage = stageOf(review);
  const { Icon, ink } = looks[stage.name];
  const { title, text } = useStageWords(review, stage);
  return (
    <section
      className="flex min-w-0 flex-col gap-3 rounded-md border border-line bg-surface p-4"
      data-testid="stage"
      data-stage={stage.name}
    >
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-80">
          <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">
            {review.title} <span className="font-normal text-ink-3 tabular-nums">#{review.number}</span>
          </h2>
          <p role="status" className="mt-1 flex items-start gap-1.5">
            <span className="flex h-5 items-center">
              <Icon aria-hidden className={`size-4 shrink-0 ${ink} ${stage.name === "publishing" ? "animate-spin" : ""}`} />
            </span>
            <span>
              <span className="font-medium">{title}</span> {text === null ? null : <span className="text-ink-2">{text}</span>}
            </span>
          </p>
        </div>
        <StageActions review={review} stage={stage} />
      </div>
      {stage.name === "rejected" && stage.note !== "" ? (
        <blockquote className="border-l-2 border-breached pl-3 text-ink-2">
          <Words text={stage.note} />
        </blockquote>
      ) : null}
      {review.description.trim() === "" ? null : <Words text={review.description} />}
    </section>
  );
}

function useStageWords(review: ReviewPageView, stage: Stage): { title: string; text: string | null } {
  const messages = useMessages(reviewMessages);
  const locale = useLocale();
  const format = useFormat();
  const people = usePeople();
  switch (stage.name) {
    case "unsound": {
      const failed = review.checks.filter(({ state }) => state === "failed").map(({ name }) => messages[`check_${name}`]);
      return { title: messages.unsound, text: failed.length === 0 ? null : messages.unsoundText(format.list(failed).toLowerCase()) };
    }
    case "waiting":
      if (stage.missing === 0) return { title: messages.enough, text: null };
      if (review.whoCan.length === 0) return { title: messages.waitsForNobody, text: messages.waitsForNobodyText };
      return { title: messages.waitsFor(stage.missing, people.roles(review.approvals.roles)), text: null };
    case "publishing":
      return {
        title: stage.semver === null ? messages.publishingFirst : messages.publishing(stage.semver),
        text: messages.publishingText,
      };
    case "stuck": {
      const { sentence, wayOut } = use(loadFailureSentences()).describeFailure(locale, stage.problem);
      return { title: messages.stuck, text: `${sentence} ${wayOut}`.trim() };
    }
    case "published":
      return { title: messages.published(stage.semver), text: null };
    case "rejected":
      return { title: stage.by === null ? messages.rejected : messages.rejectedBy(stage.by), text: null };
    case "withdrawn":
      return { title: messages.withdrawn, text: messages.withdrawnText };
  }
}

function StageActions({ review, stage }: { review: ReviewPageView; stage: Stage }): ReactNode {
  const messages = useMessages(reviewMessages);
  // A plan is proposed as a whole: it has no draft to go back to, and its revisions stand on its own page.
  if (review.subjectKind === "plan") {
    if (stage.name !== "published") return null;
    return (
      <LinkButton variant="primary">
        <Link href={planHref(review)}>{messages.openPlan}</Link>
      </LinkButton>
    );
  }
  const template = `/templates/${review.templateName}`;
  const toDraft = (
    <LinkButton>
      <Link href={`${template}/drafts/${review.draftId}`}>{messages.openDraft}</Link>
    </LinkButton>
  );
  switch (stage.name) {
    case "published":
      return (
        <div className="flex gap-2">
          <LinkButton>
            <Link href={`${template}/versions/${stage.semver}`}>{messages.openProof}</Link>
          </LinkButton>
          <LinkButton variant="primary">
            <Link href={template}>{messages.openVersion(stage.semver)}</Link>
          </LinkButton>
        </div>
      );
    case "publishing":
      return null;
    case "rejected":
    case "withdrawn":
      return toDraft;
    default:
      return (
        <div className="flex gap-2">
          {toDraft}
          {baseMoved(review) ? <RebaseButton draftId={review.draftId} number={review.number} /> : null}
        </div>
      );
  }
}

/** Another version came first: the draft has to start from that one. Where nothing changed, starting anew mends nothing. */
function baseMoved({ checks, head }: ReviewPageView): boolean {
  const same = head.digest !== null && head.nextSemver === null;
  return !same && checks.some(({ name, state }) => name === "base" && state === "failed");
}

/** The way out when another version was published meanwhile. The text stays; the draft's revision is read right before. */
function RebaseButton({ draftId, number }: { draftId: string; number: number }): ReactNode {
  const messages = useMessages(reviewMessages);
  const viewer = useViewer();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const sayFailed = useFailureToast();
  const { mutateAsync, isPending } = useMutation(trpc.drafts.rebase.mutationOptions());
  const rebase = async () => {
    try {
      const draft = await queries.fetchQuery(trpc.drafts.get.queryOptions({ draftId }, { staleTime: 0, gcTime: 0 }));
      const { baseSemver } = await mutateAsync({ draftId, expectedRevision: draft.revision });
      toast.success(messages.rebased(baseSemver));
    } catch (error) {
      sayFailed(error);
    } finally {
      await queries.invalidateQueries(trpc.reviews.get.queryFilter({ number }));
    }
  };
  return (
    <Button
      variant="primary"
      onClick={() => void rebase()}
      loading={isPending}
      disabledReason={viewer.can("drafts.rebase").reason}
      title={messages.rebaseText}
    >
      <GitMerge aria-hidden />
      {messages.rebase}
    </Button>
  );
}
