"use client";
import { ConfirmDialog } from "@agent-factory/ui/dialog";
import { Field, Textarea } from "@agent-factory/ui/field";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { failureOf, QueryProblem } from "../../trpc/failure.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import type { DecisionProps } from "./asking.ts";
import { decisionMessages } from "./decision-messages.ts";
import { keepWords, useKeptWords } from "./kept-words.ts";
import { reviewMessages } from "./messages.ts";
import { judgedBy } from "./read-head.ts";
import { type ReviewPageView, shortDigest } from "./review-view.ts";

/** What every dialog of a decision is about. */
type DialogProps = Omit<DecisionProps, "asking" | "onAsking"> & { readonly onClose: () => void };

export function ApproveDialog({ review, read, since, changed, onClose }: DialogProps): ReactNode {
  const messages = useMessages(decisionMessages);
  const words = useMessages(reviewMessages);
  const trpc = useTRPC();
  const [note, setNote, forgetNote] = useNote(review, "approve");
  const after = useAfterDecision(review.number, onClose);
  const approve = useMutation(
    trpc.reviews.approve.mutationOptions({
      onSuccess: async ({ state, given, required }) => {
        forgetNote();
        toast.success(messages.approved, state === "approved" ? {} : { description: messages.approvedLeft(required - given) });
        await after.done();
      },
      onError: after.failed,
    }),
  );
  const { approvals, head, threads } = review;
  const left = Math.max(0, approvals.required - approvals.given - 1);
  const unresolved = threads.filter(({ resolvedAt }) => resolvedAt === null).length;
  const warnings = head.findings.filter(({ severity }) => severity === "warning").length;
  const publishes = left === 0;
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      tone="primary"
      title={messages.approveTitle(review.templateName, read.revision)}
      affects={
        <div className="flex flex-col gap-2">
          <p>
            {messages.approveDigest}{" "}
            <code className="text-ink" title={read.digest ?? ""}>
              {shortDigest(read.digest ?? "")}
            </code>
          </p>
          <p className="text-ink">
            {!publishes
              ? messages.approveCounts(left)
              : head.nextSemver === null
                ? messages.approvePublishesFirst
                : messages.approvePublishes(head.nextSemver)}
          </p>
          {since === null ? null : <p>{messages.approveSince(since)}</p>}
          {unresolved === 0 ? null : <p>{messages.approveUnresolved(unresolved)}</p>}
          {warnings === 0 ? null : <p>{messages.approveWarnings(warnings)}</p>}
        </div>
      }
      confirmLabel={
        publishes && head.nextSemver !== null ? messages.approveAndPublish(head.nextSemver) : words.approveRevision(read.revision)
      }
      cancelLabel={messages.cancel}
      pending={approve.isPending}
      disabledReason={changed ? words.no_unread : undefined}
      onConfirm={() =>
        approve.mutate({
          ...judgedBy(review.id, read),
          ...(note.trim() === "" ? {} : { note: note.trim() }),
        })
      }
    >
      <Field label={messages.approveNote} hint={messages.approveNoteHint}>
        <Textarea rows={2} value={note} onChange={(event) => setNote(event.target.value)} maxLength={NOTE_MAX} />
      </Field>
      {approve.error ? <QueryProblem error={approve.error} title={words.approve} /> : null}
    </ConfirmDialog>
  );
}

export function RejectDialog({ review, read, changed, onClose }: DialogProps): ReactNode {
  const messages = useMessages(decisionMessages);
  const words = useMessages(reviewMessages);
  const trpc = useTRPC();
  const [note, setNote, forgetNote] = useNote(review, "reject");
  const [asked, setAsked] = useState(false);
  const after = useAfterDecision(review.number, onClose);
  const reject = useMutation(
    trpc.reviews.reject.mutationOptions({
      onSuccess: async () => {
        forgetNote();
        toast.success(messages.rejectedToast);
        await after.done();
      },
      onError: after.failed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={messages.rejectTitle(review.templateName, read.revision)}
      affects={messages.rejectAffects}
      confirmLabel={words.reject}
      cancelLabel={messages.cancel}
      pending={reject.isPending}
      disabledReason={changed ? words.no_unread : undefined}
      onConfirm={() => {
        setAsked(true);
        if (note.trim() === "") return;
        reject.mutate({ ...judgedBy(review.id, read), note: note.trim() });
      }}
    >
      <Field label={messages.rejectNote} required error={asked && note.trim() === "" ? messages.rejectNoteNeeded : undefined}>
        <Textarea rows={4} value={note} autoFocus onChange={(event) => setNote(event.target.value)} maxLength={NOTE_MAX} />
      </Field>
      {reject.error ? <QueryProblem error={reject.error} title={words.reject} /> : null}
    </ConfirmDialog>
  );
}

export function WithdrawDialog({ review, onClose }: DialogProps): ReactNode {
  const messages = useMessages(decisionMessages);
  const words = useMessages(reviewMessages);
  const trpc = useTRPC();
  const after = useAfterDecision(review.number, onClose);
  const withdraw = useMutation(
    trpc.reviews.withdraw.mutationOptions({
      onSuccess: async () => {
        toast.success(messages.withdrawnToast);
        await after.done();
      },
      onError: after.failed,
    }),
  );
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={messages.withdrawTitle(review.number)}
      affects={messages.withdrawAffects(review.approvals.given)}
      confirmLabel={words.withdraw}
      cancelLabel={messages.cancel}
      pending={withdraw.isPending}
      onConfirm={() => withdraw.mutate({ reviewId: review.id })}
    >
      {withdraw.error ? <QueryProblem error={withdraw.error} title={words.withdraw} /> : null}
    </ConfirmDialog>
  );
}

const NOTE_MAX = 2_000;

function useNote(review: ReviewPageView, kind: "approve" | "reject"): readonly [string, (words: string) => void, () => void] {
  const viewer = useViewer();
  const key = { tenant: viewer.tenant.id, user: viewer.user.id, place: `${review.number}/${kind}` };
  const [note, setNote] = useKeptWords(key);
  return [note, setNote, () => keepWords(sessionStorage, key, "")];
}

/** A decision on something that changed meanwhile decided nothing: that is said, and the page is loaded again and shows what changed. */
function useAfterDecision(number: number, onClose: () => void) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useFailureToast();
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries(trpc.reviews.get.queryFilter({ number })),
      queries.invalidateQueries(trpc.reviews.list.infiniteQueryFilter()),
    ]);
  return {
    done: async () => {
      await refresh();
      onClose();
    },
    failed: async (error: unknown) => {
      const code = failureOf(error)?.code;
      await refresh();
      if (code !== "reviews.stale" && code !== "reviews.policy-changed" && code !== "reviews.closed") return;
      onClose();
      say(error);
    },
  };
}
