/**
 * How a published revision of a plan gets its signature: by the door that signs versions, and in the same order (decided first, signed
 * next, followed last). Until then no rollout follows it. Safe to repeat, and begun by the event that publishing leaves behind.
 */
import { type PlanPublication, planPublicationStatement } from "@agent-factory/gate/statement";
import type { Transaction } from "../../platform/database.ts";
import type { Access } from "../access/access.ts";
import type { SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import type { Reviews } from "../reviews/reviews.ts";
import type { Signing } from "../signing/signing.ts";
import { attachPlanAttestation, findPlanToSign, type UnsignedPlan } from "./plan-store.ts";

export type PlanSigningParts = {
  readonly access: Access;
  readonly reviews: Pick<Reviews, "evidence">;
  readonly signing: Pick<Signing, "attest">;
};

/** Failures of what it makes: `plans.missing`, those of the signer. */
export function createPlanSigning({ access, reviews, signing }: PlanSigningParts) {
  return async (actor: SystemActor, { planId }: { planId: string }): Promise<{ attestationId: string }> => {
    const signer = { actor, action: "signing.sign" as const, resource: { kind: "plan", id: planId } };
    const { plan, predicate } = await access.read(signer, async (tx) => {
      const found = await findPlanToSign(tx, planId);
      if (!found) throw new Failure("missing", "plans.missing", "There is no such plan", { planId });
      return { plan: found, predicate: await predicateOf(tx, found, reviews) };
    });
    if (plan.attestationId !== null) return { attestationId: plan.attestationId };
    const statement = planPublicationStatement(predicate, plan.digest);
    const { attestationId, logIndex } = await signing.attest(actor, {
      subjectName: statement.subject[0]?.name ?? "",
      subjectDigest: plan.digest,
      predicateType: statement.predicateType,
      statement,
    });
    await access.perform(signer, async (tx, note) => {
      if (!(await attachPlanAttestation(tx, planId, attestationId))) return;
      note.after({ name: plan.name, revision: plan.revision, digest: plan.digest, logIndex });
    });
    return { attestationId };
  };
}

/** Why the revision could be published, from what was on record when it was. */
async function predicateOf(tx: Transaction, plan: UnsignedPlan, reviews: Pick<Reviews, "evidence">): Promise<PlanPublication> {
  const { tenant, name, revision, parent, proposedBy, reviewId, publishedAt } = plan;
  if (reviewId === null || proposedBy === null) throw new Error(`revision ${revision} of the plan ${name} came from no review`);
  const { review } = await reviews.evidence(tx, reviewId);
  return { tenant, plan: name, revision, parent, proposedBy, review, publishedAt: publishedAt.toISOString() };
}
