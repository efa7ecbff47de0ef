/** Reviews: what people do with them, and what the modules of their subjects tell them. Everything of one review happens in order. */
import type { Clock } from "../../platform/clock.ts";
import type { Transaction } from "../../platform/database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import { type Actor, type SystemActor, systemActor } from "../actor.ts";
import type { Decisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import { type Approved, createProceedings, type Opening } from "./proceedings.ts";
import {
  type Content,
  closedReview,
  contributed,
  isLive,
  type KillReason,
  missingReview,
  type Problem,
  policyChanged,
  type ReviewState,
  staleReview,
} from "./review.ts";
import {
  countComments,
  findComment,
  findSource,
  insertApprover,
  insertComment,
  insertDecision,
  killDecisions,
  listApprovals,
  listSpeakers,
  membersAmong,
  type ReviewRow,
  resolveComment,
  updateReview,
} from "./review-store.ts";
import { createStanding, type Standings } from "./standing.ts";
import type { SubjectKinds } from "./subject.ts";

export type { Approved, Opening } from "./proceedings.ts";
export type { Base, Content, Count, Finding, Head, KillReason, Meaning, Problem, ReviewState, WhyNot } from "./review.ts";
export type { Check, Checked, Subject, SubjectKind, SubjectKinds } from "./subject.ts";

/** What somebody judged: the head's digest, its base's, and the policy that judged it, as they saw them. What changes depends on the base. */
export type Judged = {
  readonly reviewId: string;
  readonly digest: string;
  /** Null: it was shown as a first version. */
  readonly baseDigest: string | null;
  readonly policyRevision: string;
};

export type Reviews = Standings & {
  /** Failures: `reviews.exists` with the number of the live one. */
  open(tx: Transaction, actor: Actor, opening: Opening): Promise<{ reviewId: string; number: number }>;
  /** The live review of what `sourceRef` names. */
  live(tx: Transaction, kind: string, sourceRef: string): Promise<{ reviewId: string; number: number; state: ReviewState } | null>;
  /**
   * What it is about became another content or came to another base: approvals of anything else die, an approved review is open again.
   * `compose` gets the facts of the head and gives what the content is now. One digest must have one text for the whole review: an
   * approval names no more than the digest.
   */
  revise(tx: Transaction, actor: Actor, input: { reviewId: string; compose: (facts: unknown) => Promise<Content> }): Promise<void>;
  /** What it came from was put away: the review is withdrawn, unless it ended meanwhile. */
  drop(tx: Transaction, actor: Actor, reviewId: string): Promise<void>;
  /**
   * The review, locked, when it is approved as of now. Failures: `reviews.missing`, `reviews.not-approved`, `reviews.policy-changed`,
   * `reviews.approvals-missing`.
   */
  require(tx: Transaction, reviewId: string): Promise<Approved>;
  /** What the review that `require` gave was published as. */
  conclude(tx: Transaction, review: Approved["review"], outcome: string): Promise<void>;
  /**
   * Publishing `revision` was refused: the review says why and is open again, unless it is about another by now. What no longer counts
   * (the policy, an approver who turned out to be a contributor) is seen to as well.
   */
  reopen(actor: SystemActor, input: { reviewId: string; revision: number; problem: Problem; kills: KillReason | null }): Promise<void>;
  /**
   * Remarks on the review, on a place of its head, or in a thread. Failures: `reviews.missing`, `reviews.comment-missing`,
   * `reviews.comments-full`.
   */
  comment(
    actor: Actor,
    input: { reviewId: string; pointer?: string | null | undefined; threadId?: string | null | undefined; body: string },
  ): Promise<{ commentId: string }>;
  /** Ends or reopens a thread, named by its first comment. Failures: `reviews.comment-missing`. */
  resolve(actor: Actor, input: { commentId: string; resolved: boolean }): Promise<{ resolvedAt: string | null }>;
  /**
   * A yes to the head. Failures: `reviews.missing`, `reviews.closed`, `reviews.stale` with the head's digest and revision,
   * `reviews.policy-changed`, `reviews.contributor`, `reviews.not-sound` with the checks that failed.
   */
  approve(
    actor: Actor,
    input: Judged & { note?: string | undefined },
  ): Promise<{ state: "open" | "approved"; given: number; required: number }>;
  /** A no to the head ends the review. Failures: those of `approve`, without soundness. */
  reject(actor: Actor, input: Judged & { note: string }): Promise<{ state: "rejected" }>;
  /** Failures: `reviews.missing`, `reviews.closed`. */
  withdraw(actor: Actor, input: { reviewId: string }): Promise<{ state: "withdrawn" }>;
  /** Revision of the policies by which this kind of subject is judged now. */
  policyRevision(kind: string): string;
  /** What it came from, as its module named it, and its head. Not locked. Failures: `reviews.missing`. */
  find(tx: Transaction, reviewId: string): Promise<{ sourceRef: string; revision: number }>;
  /** Tells followers to look again; for those who join with `(tx, …)`, after the commit. */
  ring(reviewId: string): Promise<void>;
};

const EXCERPT_MAX = 200;
/** A page shows all of them at once. */
export const COMMENTS_MAX = 2_000;

/** Rung with every change of this review. */
export const reviewDoorbell = (reviewId: string): string => `review:${reviewId}`;

export type ReviewsDependencies = {
  access: Access;
  decisions: Decisions;
  redis: Pick<RedisConnections, "publish">;
  clock: Clock;
  kinds: SubjectKinds;
};

export function createReviews({ access, decisions, redis, clock, kinds }: ReviewsDependencies): Reviews {
  const proceedings = createProceedings({ decisions, clock, kinds });
  const { lock, momentOf } = proceedings;
  const ring = (reviewId: string) => redis.publish(reviewDoorbell(reviewId), "");
  const on = (reviewId: string) => ({ kind: "review", id: reviewId });

  /** The head that somebody decides on: open, the very one they saw beside the base they saw, judged by the policy that holds now, and not their own work. */
  const requireHead = async (tx: Transaction, actor: Actor, seen: Judged): Promise<ReviewRow> => {
    const { policyRevision } = seen;
    const review = await lock(tx, seen.reviewId);
    const { state, head, subjectKind } = review;
    if (state !== "open") throw closedReview(state);
    if (head.digest !== seen.digest || (head.base?.digest ?? null) !== seen.baseDigest) throw staleReview(head);
    const now = proceedings.policyRevisionOf(subjectKind);
    if (head.policyRevision !== now || policyRevision !== now) throw policyChanged(now);
    await proceedings.joinContributors(tx, review, head.facts, momentOf(review));
    if (!(await insertApprover(tx, review, actor.id))) throw contributed();
    return review;
  };

  /** When an act found another policy, the refusal stands; the head is judged by it before anybody looks again. */
  const orJudgeAnew = async <T>(actor: Actor, reviewId: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Failure && error.code === "reviews.policy-changed") {
        const judge = systemActor("reviews", actor.tenantId);
        await access.perform({ actor: judge, action: "reviews.judge", resource: on(reviewId) }, async (tx, note) => {
          const review = await lock(tx, reviewId);
          note.before({ revision: review.revision, policyRevision: review.head.policyRevision });
          const { revision, head } = await proceedings.judgeAnew(tx, judge, review);
          note.after({ revision, policyRevision: head.policyRevision });
        });
        await ring(reviewId);
      }
      throw error;
    }
  };

  const decisionOf = (actor: Actor, review: ReviewRow, input: Judged, verdict: "approve" | "reject", note: string) => {
    const { digest, policyRevision } = input;
    return { userId: actor.id, userName: actor.name, verdict, digest, policyRevision, note, at: momentOf(review) };
  };

  return {
    open: proceedings.open,
    live: proceedings.live,
    revise: proceedings.revise,
    require: proceedings.require,
    conclude: proceedings.conclude,
    policyRevision: proceedings.policyRevisionOf,
    ring,
    ...createStanding({ decisions, proceedings }),
    find: async (tx, reviewId) => {
      const review = await findSource(tx, reviewId);
      if (!review) throw missingReview(reviewId);
      return review;
    },

    drop: async (tx, actor, reviewId) => {
      const review = await lock(tx, reviewId);
      if (isLive(review)) await proceedings.withdraw(tx, actor, review);
    },

    reopen: async (actor, { reviewId, revision, problem, kills }) => {
      await access.perform({ actor, action: "reviews.judge", resource: on(reviewId) }, async (tx, note) => {
        const review = await lock(tx, reviewId);
        note.before({ state: review.state, revision: review.revision });
        const meanwhile = review.state !== "approved" || review.outcome !== null || review.revision !== revision;
        if (meanwhile) return note.after({ state: review.state, revision: review.revision });
        const judged = await proceedings.judgeAnew(tx, actor, review);
        await proceedings.reopen(tx, actor, judged, { problem, kills });
        note.after({ state: "open", problem: problem.code });
      });
      await ring(reviewId);
    },

    comment: async (actor, { reviewId, pointer = null, threadId = null, body }) => {
      const commentId = await access.perform({ actor, action: "reviews.comment", resource: on(reviewId) }, async (tx, note) => {
        const review = await proceedings.judgeAnew(tx, systemActor("reviews", actor.tenantId), await lock(tx, reviewId));
        const thread = threadId === null ? null : await findComment(tx, threadId);
        if (threadId !== null && (thread?.reviewId !== reviewId || thread.threadId !== null)) throw missingComment(threadId);
        if ((await countComments(tx, reviewId)) >= COMMENTS_MAX) throw fullOfComments();
        const at = momentOf(review);
        const id = await insertComment(tx, review, { threadId, pointer: thread ? thread.pointer : pointer, body }, actor, at);
        await updateReview(tx, reviewId, { updatedAt: at });
        const speakers = threadId === null ? [] : await membersAmong(tx, await listSpeakers(tx, threadId));
        const audience = [...(await proceedings.authors(tx, review)), ...speakers];
        // Where the cut falls inside of a character, its half is none.
        const excerpt = body.slice(0, EXCERPT_MAX).toWellFormed();
        await proceedings.tell(tx, "review.commented", review, actor, { audience, commentId: id, threadId, pointer, excerpt });
        note.after({ number: review.number, commentId: id, revision: review.revision, pointer, threadId });
        return id;
      });
      await ring(reviewId);
      return { commentId };
    },

    resolve: async (actor, { commentId, resolved }) => {
      const done = await access.perform(
        { actor, action: "reviews.comment", resource: { kind: "comment", id: commentId } },
        async (tx, note) => {
          const found = await findComment(tx, commentId);
          if (!found || found.threadId !== null) throw missingComment(commentId);
          const review = await lock(tx, found.reviewId);
          const at = momentOf(review);
          await resolveComment(tx, commentId, resolved ? { at, by: actor.id } : null);
          await updateReview(tx, review.id, { updatedAt: at });
          note.after({ number: review.number, resolved });
          return { reviewId: review.id, resolvedAt: resolved ? at.toISOString() : null };
        },
      );
      await ring(done.reviewId);
      return { resolvedAt: done.resolvedAt };
    },

    approve: async (actor, input) => {
      const { reviewId } = input;
      const outcome = await orJudgeAnew(actor, reviewId, () =>
        access.perform({ actor, action: "reviews.approve", resource: on(reviewId) }, async (tx, note) => {
          const review = await requireHead(tx, actor, input);
          const failed = (await proceedings.checks(tx, review)).filter(({ state }) => state === "failed");
          if (failed.length > 0)
            throw new Failure("conflict", "reviews.not-sound", "This content cannot be published as it is", { checks: failed });
          // A second yes by the same person counts the first again: roles may have changed since.
          const approved = (await listApprovals(tx, review)).some(({ userId }) => userId === actor.id);
          if (!approved) await insertDecision(tx, review, decisionOf(actor, review, input, "approve", input.note ?? ""));
          const { count, verdict, input: asked } = await proceedings.count(tx, review);
          const { allowed, given, required } = count;
          const state: "open" | "approved" = allowed ? "approved" : "open";
          const at = momentOf(review);
          await updateReview(tx, reviewId, { state, required, updatedAt: at, ...(allowed && { decidedAt: at }) });
          if (allowed) {
            await decisions.record(tx, { tenantId: review.tenantId, policy: "reviews", action: "reviews.approve", input: asked, verdict });
            await proceedings.tell(tx, "review.approved", review, actor, {
              audience: await proceedings.authors(tx, review),
              digest: input.digest,
            });
          }
          note.before({ state: review.state });
          note.after({ number: review.number, revision: review.revision, digest: input.digest, state, given, required });
          return { state, given, required };
        }),
      );
      await ring(reviewId);
      return outcome;
    },

    reject: async (actor, input) => {
      const { reviewId } = input;
      await orJudgeAnew(actor, reviewId, () =>
        access.perform({ actor, action: "reviews.reject", resource: on(reviewId) }, async (tx, note) => {
          const review = await requireHead(tx, actor, input);
          const at = momentOf(review);
          await killDecisions(tx, reviewId, "withdrawn", at, [actor.id]);
          await insertDecision(tx, review, decisionOf(actor, review, input, "reject", input.note));
          await updateReview(tx, reviewId, { state: "rejected", decidedAt: at, updatedAt: at });
          await proceedings.tell(tx, "review.rejected", review, actor, {
            audience: await proceedings.authors(tx, review),
            note: input.note,
          });
          note.after({ number: review.number, revision: review.revision, digest: input.digest, state: "rejected" });
        }),
      );
      await ring(reviewId);
      return { state: "rejected" };
    },

    withdraw: async (actor, { reviewId }) => {
      await access.perform({ actor, action: "reviews.withdraw", resource: on(reviewId) }, async (tx, note) => {
        const review = await lock(tx, reviewId);
        note.before({ state: review.state });
        await proceedings.withdraw(tx, actor, review);
        note.after({ number: review.number, state: "withdrawn" });
      });
      await ring(reviewId);
      return { state: "withdrawn" };
    },
  };
}

function fullOfComments(): Failure {
  return new Failure("limit", "reviews.comments-full", `A review holds ${COMMENTS_MAX} comments`, { max: COMMENTS_MAX });
}

function missingComment(commentId: string): Failure {
  return new Failure("missing", "reviews.comment-missing", "No such comment", { commentId });
}
