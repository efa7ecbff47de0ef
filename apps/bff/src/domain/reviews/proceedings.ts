/**
 * What happens to a review inside somebody's transaction. A caller that changes what the review came from as well has locked that before:
 * always the source first, then the review.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { Transaction } from "../../platform/database.ts";
import type { Actor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import type { Decisions, Verdict } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import {
  type Content,
  type Count,
  closedReview,
  countOf,
  isLive,
  type Judged,
  type KillReason,
  missingReview,
  type Problem,
  policyChanged,
  policyInput,
  type ReviewState,
  revising,
} from "./review.ts";
import {
  findLive,
  insertContributors,
  insertReview,
  isRemarked,
  killDecisions,
  listApprovals,
  listContributors,
  lockReview,
  membersAmong,
  membersWithRole,
  problemColumn,
  type ReviewRow,
  tenantSlug,
  updateReview,
  writeHead,
} from "./review-store.ts";
import type { Check, Checked, SubjectKind, SubjectKinds } from "./subject.ts";

export type Opening = {
  readonly tenantId: string;
  readonly subject: { readonly kind: string; readonly name: string };
  /** What the content comes from, as its module names it: one live review each. */
  readonly sourceRef: string;
  readonly title: string;
  readonly description: string;
  readonly content: Content;
};

/** An approved review at the moment of publishing: what was approved, by whom, and by which rules. */
export type Approved = { readonly review: ReviewRow; readonly count: Count; readonly approvers: readonly string[] };

export type Proceedings = ReturnType<typeof createProceedings>;

export function createProceedings({ decisions, clock, kinds }: { decisions: Decisions; clock: Clock; kinds: SubjectKinds }) {
  const kindOf = (kind: string): SubjectKind => {
    const found = kinds[kind];
    if (!found) throw new Error(`Nothing knows subjects of the kind ${kind}`);
    return found;
  };

  /** Two policies judge: what a content may ask for, and how many must agree to it. A change of either changes what was judged by. */
  const policyRevisionOf = (kind: string): string => {
    const hash = createHash("sha256").update(kindOf(kind).policyRevision()).update(decisions.revision("reviews"));
    return `sha256:${hash.digest("hex")}`;
  };

  const judged = (kind: string, content: Content): Judged => ({ ...content, policyRevision: policyRevisionOf(kind) });

  /** Later than every moment of this review before, whatever the clock says: followers tell one state from the next by it. */
  const momentOf = (review: { updatedAt: Date }): Date => new Date(Math.max(clock.now().getTime(), review.updatedAt.getTime() + 1));

  const lock = async (tx: Transaction, reviewId: string): Promise<ReviewRow> => {
    const review = await lockReview(tx, reviewId);
    if (!review) throw missingReview(reviewId);
    return review;
  };

  const count = async (tx: Transaction, review: ReviewRow): Promise<{ count: Count; verdict: Verdict; input: unknown }> => {
    const tenant = await tenantSlug(tx, review.tenantId);
    const [contributors, approvals] = [await listContributors(tx, review.id), await listApprovals(tx, review)];
    const input = policyInput(subjectOf(review), review.head, { tenant, contributors, approvals });
    const verdict = decisions.decide("reviews", input);
    return { count: countOf(verdict), verdict, input };
  };

  /** Whoever contributed by now is a contributor, and an approval of theirs is none any more. */
  const joinContributors = async (tx: Transaction, review: ReviewRow, facts: unknown, at: Date) => {
    const ids = await kindOf(review.subjectKind).contributors(tx, review.sourceRef, facts);
    const members = await membersAmong(tx, ids);
    const killed = await killDecisions(tx, review.id, "contributed", at, members);
    await insertContributors(tx, review, members);
    return killed;
  };

  const tell = async (
    tx: Transaction,
    topic: `review.${string}`,
    review: Pick<ReviewRow, "id" | "tenantId" | "number" | "title" | "subjectName">,
    actor: Pick<Actor, "id" | "name">,
    more: { readonly audience: readonly string[]; readonly [name: string]: unknown },
  ): Promise<void> => {
    const { id: reviewId, tenantId, number, title, subjectName: templateName } = review;
    const audience = [...new Set(more.audience)].filter((userId) => userId !== actor.id);
    const payload = { reviewId, number, title, templateName, actorId: actor.id, actorName: actor.name, ...more, audience };
    await addToOutbox(tx, { tenantId, topic, key: reviewId, payload });
  };

  /** Those who wait for the outcome: who asked, and whose work it is. */
  const authors = async (tx: Transaction, review: ReviewRow): Promise<string[]> =>
    membersAmong(tx, [review.openedBy, ...(await listContributors(tx, review.id))]);

  const place = async (tx: Transaction, review: ReviewRow, found: Content, actor: Pick<Actor, "id" | "name">, author: typeof actor) => {
    const content = judged(review.subjectKind, found);
    const at = momentOf(review);
    const contributed = await joinContributors(tx, review, content.facts, at);
    const step = revising(review.head, content, await isRemarked(tx, review));
    if (step.place === "keep" && contributed.length === 0) return review;
    const killed = step.kills === null ? contributed : [...contributed, ...(await killDecisions(tx, review.id, step.kills, at))];
    let revised = review;
    if (step.place !== "keep") {
      const head = { ...content, revision: step.place === "append" ? review.revision + 1 : review.revision };
      await writeHead(tx, review, head, author, at);
      revised = { ...review, revision: head.revision, digest: head.digest, head };
    }
    const counted = (await count(tx, revised)).count;
    const state: ReviewState = review.state === "approved" && step.kills === null && counted.allowed ? "approved" : "open";
    await updateReview(tx, review.id, {
      state,
      revision: revised.revision,
      digest: revised.digest,
      required: counted.required,
      updatedAt: at,
      ...(state === "open" && { decidedAt: null }),
      ...(step.kills !== null && { problem: problemColumn(null) }),
    });
    if (killed.length > 0) {
      const audience = killed.map(({ userId }) => userId);
      await tell(tx, "review.revised", review, actor, { audience, revision: revised.revision, reason: step.kills ?? "contributed" });
    }
    return { ...revised, state, updatedAt: at };
  };

  return {
    checks: (tx: Transaction, review: Checked & { readonly subjectKind: string }): Promise<Check[]> =>
      kindOf(review.subjectKind).check(tx, review),
    policyRevisionOf,
    momentOf,
    lock,
    count,
    joinContributors,
    tell,
    authors,

    live: async (tx: Transaction, kind: string, sourceRef: string) => {
      const review = await findLive(tx, kind, sourceRef);
      return review && { reviewId: review.id, number: review.number, state: review.state };
    },

    open: async (tx: Transaction, actor: Actor, opening: Opening): Promise<{ reviewId: string; number: number }> => {
      const { tenantId, subject, sourceRef, title, description, content } = opening;
      const there = await findLive(tx, subject.kind, sourceRef);
      if (there) throw new Failure("conflict", "reviews.exists", "There is a review of it already", { number: there.number });
      const row = { tenantId, subjectKind: subject.kind, subjectName: subject.name, sourceRef, title, description, required: 1 };
      const review = await insertReview(tx, row, judged(subject.kind, content), actor, clock.now());
      await joinContributors(tx, review, content.facts, review.openedAt);
      const { required, roles } = (await count(tx, review)).count;
      await updateReview(tx, review.id, { required });
      const contributors = new Set(await listContributors(tx, review.id));
      const audience = (await membersWithRole(tx, roles)).filter((userId) => !contributors.has(userId));
      await tell(tx, "review.requested", review, actor, { audience, required });
      return { reviewId: review.id, number: review.number };
    },

    /** The content that `reviewId` is about became another, or came to another base. Says nothing about reviews that are closed. */
    revise: async (
      tx: Transaction,
      actor: Actor,
      { reviewId, compose }: { reviewId: string; compose: (facts: unknown) => Promise<Content> },
    ): Promise<void> => {
      const review = await lock(tx, reviewId);
      if (isLive(review)) await place(tx, review, await compose(review.head.facts), actor, actor);
    },

    /** Judges the head by today's policy when another judged it: then every decision on it is for something else. */
    judgeAnew: async (tx: Transaction, actor: Actor, review: ReviewRow): Promise<ReviewRow> => {
      const { content, base, policyRevision } = review.head;
      if (!isLive(review) || policyRevision === policyRevisionOf(review.subjectKind)) return review;
      const meaning = kindOf(review.subjectKind).judge(subjectOf(review), review.head);
      return place(tx, review, { ...meaning, content, base }, actor, review.headAuthor);
    },

    /** Takes a live review back. There is nobody to tell: whoever was asked need not look any more. */
    withdraw: async (tx: Transaction, actor: Actor, review: ReviewRow): Promise<void> => {
      if (!isLive(review)) throw closedReview(review.state);
      const at = momentOf(review);
      await killDecisions(tx, review.id, "withdrawn", at);
      await updateReview(tx, review.id, { state: "withdrawn", decidedAt: at, updatedAt: at });
      await tell(tx, "review.withdrawn", review, actor, { audience: [] });
    },

    /**
     * The review, when it is approved as of now: same policy, no contributor among the approvers, enough approvals by people who may
     * still give them. Failures: `reviews.missing`, `reviews.not-approved`, `reviews.policy-changed`, `reviews.approvals-missing`.
     */
    require: async (tx: Transaction, reviewId: string): Promise<Approved> => {
      const review = await lock(tx, reviewId);
      const { state, outcome, head } = review;
      if (state !== "approved" || outcome !== null)
        throw new Failure("conflict", "reviews.not-approved", `The review is ${state}`, { state, outcome });
      const revision = policyRevisionOf(review.subjectKind);
      if (head.policyRevision !== revision) throw policyChanged(revision);
      await joinContributors(tx, review, head.facts, momentOf(review));
      const counted = await count(tx, review);
      const { allowed, given, required, rules } = counted.count;
      if (!allowed)
        throw new Failure("conflict", "reviews.approvals-missing", `${given} of ${required} approvals count`, { given, required, rules });
      await decisions.record(tx, { tenantId: review.tenantId, policy: "reviews", action: "templates.publish", ...counted });
      return { review, count: counted.count, approvers: (await listApprovals(tx, review)).map(({ userId }) => userId) };
    },

    /** What came of an approved review. The caller has it from `require`, in the same transaction. */
    conclude: async (tx: Transaction, review: ReviewRow, outcome: string): Promise<void> => {
      await updateReview(tx, review.id, { outcome, problem: problemColumn(null), updatedAt: momentOf(review) });
    },

    /** An approved review could not be published: what is wrong now is seen to, the review is open again and says why. */
    reopen: async (
      tx: Transaction,
      actor: Actor,
      review: ReviewRow,
      { problem, kills }: { problem: Problem; kills: KillReason | null },
    ): Promise<void> => {
      const at = momentOf(review);
      const killed = [
        ...(await joinContributors(tx, review, review.head.facts, at)),
        ...(kills === null ? [] : await killDecisions(tx, review.id, kills, at)),
      ];
      await updateReview(tx, review.id, { state: "open", decidedAt: null, problem: problemColumn(problem), updatedAt: at });
      const audience = [...(await authors(tx, review)), ...killed.map(({ userId }) => userId)];
      await tell(tx, "review.problem", review, actor, { audience, problem });
    },
  };
}

export function subjectOf(review: { subjectKind: string; subjectName: string }) {
  return { kind: review.subjectKind, name: review.subjectName };
}
