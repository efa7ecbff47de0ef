/**
 * Rollout plans as artefacts:
 *
 *   proposed      a draft and a review of it, by somebody who may; nobody who wrote it approves it
 *   published     by the loop that hears of the approval: the next revision of its name, which never changes; rollouts that run keep theirs
 *   signed        by the loop that hears of that: with the tenant's key, and in the log; only now a rollout may begin by it
 *
 * A key that is distrusted takes its plans with it: no rollout begins by them until they are proposed again, as they are or otherwise, and
 * signed by the next key. What runs keeps its copy, which was trusted when it began.
 */
import type { Transaction } from "../../platform/database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import type { Reviews } from "../reviews/reviews.ts";
import { type Plan, readPlan } from "./plan.ts";
import { createPlanSigning, type PlanSigningParts } from "./plan-signing.ts";
import {
  closeAbandonedDrafts,
  closePlanDraft,
  findOpenDraft,
  findPlanDraft,
  insertPlan,
  insertPlanDraft,
  listPlans,
  listRevisions,
  lockPlanDraft,
  type PlanRow,
  type PlanSignature,
} from "./plan-store.ts";
import { PLAN_SUBJECT, planContent } from "./plan-subject.ts";

export { readPlan };

export type PlanView = {
  id: string;
  name: string;
  title: string;
  revision: number;
  digest: string;
  publishedAt: string;
  publishedBy: string;
  signature: PlanSignature;
  /** Its signature's place in the log; null while it waits for it. */
  logIndex: number | null;
  plan: Plan;
};

/** A revision that a review became. */
export type PublishedPlan = { readonly planId: string; readonly name: string; readonly revision: number };

export type Plans = {
  list(actor: Actor): Promise<{ items: PlanView[] }>;
  /** With its text and its earlier revisions, newest first. Failures: `plans.missing`. */
  get(actor: Actor, input: { name: string }): Promise<PlanView & { source: string; revisions: PlanView[] }>;
  /**
   * Asks for this text to become the plan's next revision. Failures: `plans.invalid` with issues, `plans.name-mismatch`, `plans.nothing-changed`
   * (the same text is no change, unless its signature is distrusted), `plans.proposed` when another proposal of the name is under way.
   */
  propose(actor: Actor, input: { name: string; source: string; title: string }): Promise<{ reviewNumber: number; reviewId: string }>;
  /** Null when the review is not about a plan. Failures: those of `reviews.require`, `plans.base-outdated`: kept on the review, which is open again. */
  publish(actor: SystemActor, input: { reviewId: string }): Promise<PublishedPlan | null>;
  /** Has the revision's statement signed. Failures: `plans.missing`, those of the signer. */
  sign(actor: SystemActor, input: { planId: string }): Promise<{ attestationId: string }>;
};

export type PlansParts = { readonly access: Access; readonly reviews: Reviews; readonly signing: PlanSigningParts["signing"] };

export function createPlans({ access, reviews, signing }: PlansParts): Plans {
  const reading = (actor: Actor, id: string) => ({ actor, action: "plans.read", resource: { kind: "plan", id } }) as const;

  const publishOnce = (actor: SystemActor, reviewId: string, attempts: (revision: number) => void) =>
    access.perform({ actor, action: "plans.publish", resource: { kind: "review", id: reviewId } }, async (tx, note) => {
      const { sourceRef, revision: attempted } = await reviews.find(tx, reviewId);
      const draft = await lockPlanDraft(tx, sourceRef);
      if (!draft) throw new Error("the review's plan draft is gone");
      attempts(attempted);
      const revisions = await listRevisions(tx, draft.name);
      const done = revisions.find((plan) => plan.reviewId === reviewId);
      if (done) return { planId: done.id, name: done.name, revision: done.revision };
      const { review, approvers } = await reviews.require(tx, reviewId);
      const { head } = review;
      const { plan, digest } = readPlan(head.content);
      if (!plan || digest !== head.digest) throw new Error("the reviewed plan is not what the review says");
      if ((revisions[0] ? String(revisions[0].revision) : null) !== (head.base?.ref ?? null)) {
        throw new Failure("conflict", "plans.base-outdated", `Another revision of ${draft.name} was published meanwhile`, {
          name: draft.name,
        });
      }
      const tenantId = actor.tenantId ?? "";
      const { id: planId, revision } = await insertPlan(tx, {
        tenantId,
        name: draft.name,
        digest,
        source: head.content,
        reviewId,
        publishedBy: review.openedBy,
      });
      await closePlanDraft(tx, draft.id);
      await reviews.conclude(tx, review, String(revision));
      const payload = { planId, name: draft.name, revision, digest, reviewId, number: review.number };
      await addToOutbox(tx, { tenantId, topic: "plan.published", key: planId, payload });
      note.before({ revision: revisions[0]?.revision ?? null });
      note.after({ name: draft.name, revision, digest, review: review.number, approvers });
      return { planId, name: draft.name, revision };
    });

  return {
    list: (actor) => access.readFast(reading(actor, "*"), async (tx) => ({ items: (await listPlans(tx)).flatMap(viewOf) })),

    get: (actor, { name }) =>
      access.readFast(reading(actor, name), async (tx) => {
        const rows = await listRevisions(tx, name);
        const [newest] = rows.flatMap(viewOf);
        if (!newest || !rows[0]) throw new Failure("missing", "plans.missing", `There is no plan ${name}`, { name });
        return { ...newest, source: rows[0].source, revisions: rows.flatMap(viewOf) };
      }),

    propose: (actor, { name, source, title }) =>
      access.perform({ actor, action: "plans.propose", resource: { kind: "plan", id: name } }, async (tx, note) => {
        const { plan, issues } = readPlan(source);
        if (!plan) throw new Failure("invalid", "plans.invalid", "The plan has errors", { issues });
        if (plan.name !== name)
          throw new Failure("invalid", "plans.name-mismatch", `The text names ${plan.name}, not ${name}`, { name, found: plan.name });
        const [newest] = await listRevisions(tx, name);
        const content = planContent(
          source,
          newest ? { ref: String(newest.revision), digest: newest.digest, content: newest.source } : null,
        );
        // The same text again is how a plan gets a signature in place of one that is distrusted.
        if (newest && content.digest === newest.digest && newest.signature !== "distrusted")
          throw new Failure("conflict", "plans.nothing-changed", `Nothing changed since revision ${newest.revision}`, { name });
        await closeAbandonedDrafts(tx, name);
        const tenantId = actor.tenantId ?? "";
        const draftId = await insertPlanDraft(tx, { tenantId, name, source, createdBy: actor.id });
        if (draftId === null) throw await proposed(tx, reviews, name);
        const subject = { kind: PLAN_SUBJECT, name };
        const { number, reviewId } = await reviews.open(tx, actor, {
          tenantId,
          subject,
          sourceRef: draftId,
          title,
          description: "",
          content,
        });
        note.after({ name, digest: content.digest, review: number });
        return { reviewNumber: number, reviewId };
      }),

    publish: async (actor, { reviewId }) => {
      const publishing = { actor, action: "plans.publish", resource: { kind: "review", id: reviewId } } as const;
      const isPlan = await access.read(
        publishing,
        async (tx) => (await findPlanDraft(tx, (await reviews.find(tx, reviewId)).sourceRef)) !== null,
      );
      if (!isPlan) return null;
      let revision = 0;
      try {
        const published = await publishOnce(actor, reviewId, (attempted) => {
          revision = attempted;
        });
        await reviews.ring(reviewId);
        return published;
      } catch (error) {
        if (
          error instanceof Failure &&
          ["conflict", "forbidden", "invalid"].includes(error.kind) &&
          error.code !== "reviews.not-approved" &&
          error.code !== "access.denied"
        ) {
          const { code, message, details } = error;
          const kills = code === "plans.base-outdated" ? ("base-changed" as const) : null;
          await reviews.reopen(actor, { reviewId, revision, problem: { code, message, details }, kills });
        }
        throw error;
      }
    },

    sign: createPlanSigning({ access, reviews, signing }),
  };
}

async function proposed(tx: Transaction, reviews: Reviews, name: string): Promise<Failure> {
  const draftId = await findOpenDraft(tx, name);
  const live = draftId === null ? null : await reviews.live(tx, PLAN_SUBJECT, draftId);
  return new Failure("conflict", "plans.proposed", `A proposal of ${name} is under review`, {
    name,
    number: live?.number ?? null,
    reviewId: live?.reviewId ?? null,
  });
}

function viewOf({ publishedAt, source, reviewId: _, ...row }: PlanRow): PlanView[] {
  const { plan } = readPlan(source);
  return plan ? [{ ...row, title: plan.title, publishedAt: publishedAt.toISOString(), plan }] : [];
}
