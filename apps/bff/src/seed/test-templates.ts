/**
 * Templates with everything that a publication takes (reviews, signing, blobs, Redis) on a test's kernel. Imported by tests only.
 *
 *     await using kernel = await openTestKernel();
 *     await using t = await openTestTemplates(kernel);
 *     await publishReviewed(t, kernel.acme, draftId);
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { systemActor, type UserActor } from "../domain/actor.ts";
import type { Decisions } from "../domain/decisions/decisions.ts";
import { createReviews, type Judged, type Reviews } from "../domain/reviews/reviews.ts";
import { createPlanSubject } from "../domain/rollouts/plan-subject.ts";
import { openSigning, type Signing } from "../domain/signing/signing.ts";
import { createTemplateSubject } from "../domain/templates/subject.ts";
import { createTemplates, type Publication, type Templates } from "../domain/templates/templates.ts";
import { type BlobStore, openBlobs } from "../platform/blobs.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { openRedis, type RedisConnections } from "../platform/redis.ts";
import type { TestKernel, TestTenant } from "./test-kernel.ts";

export type TestTemplates = AsyncDisposable & {
  readonly dir: string;
  readonly blobs: BlobStore;
  readonly redis: RedisConnections;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly reviews: Reviews;
  readonly templates: Templates;
};

/** `decisions`: by which policies templates and reviews are judged, when not by the kernel's. */
export async function openTestTemplates(
  kernel: TestKernel,
  { clock = systemClock, decisions = kernel.decisions }: { clock?: Clock; decisions?: Decisions } = {},
): Promise<TestTemplates> {
  const { access, fastDatabase } = kernel;
  const dir = await mkdtemp(path.join(tmpdir(), "templates-"));
  const redis = openRedis(testRedisUrl(), createLogger({ app: "test", level: "silent" }));
  const blobs = openBlobs({ dir: path.join(dir, "blobs"), fastDatabase });
  const stateDir = path.join(dir, "state");
  const signing = await openSigning({ access, fastDatabase, blobs, clock, trustDomain: "factory.test", stateDir });
  const reviews = createReviews({
    access,
    decisions,
    redis,
    clock,
    kinds: { template: createTemplateSubject({ decisions, blobs }), plan: createPlanSubject({ decisions }) },
  });
  const templates = createTemplates({ access, decisions, blobs, redis, reviews, signing });
  return {
    dir,
    blobs,
    redis,
    clock,
    signing,
    reviews,
    templates,
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type Reviewing = {
  /** Who asks for the review; by default the editor. */
  readonly author?: UserActor;
  /** Who approves, in turn, until it is approved; by default the reviewer, then the administrator. */
  readonly approvers?: readonly UserActor[];
  /** Whether it is signed as well; by default it is. */
  readonly signed?: boolean;
};

/** A draft's text as it stands, published the way everything is: reviewed, approved, published, signed. */
export async function publishReviewed(
  { templates, reviews }: Pick<TestTemplates, "templates" | "reviews">,
  tenant: TestTenant,
  draftId: string,
  { author = tenant.as("editor"), approvers = [tenant.as("reviewer"), tenant.as("admin")], signed = true }: Reviewing = {},
): Promise<Publication> {
  const { revision, digest, base } = await templates.drafts.get(author, { draftId });
  const { reviewId } = await templates.requestReview(author, { draftId, expectedRevision: revision, title: "As it is" });
  await approveBy(reviews, { reviewId, digest: digest ?? "", baseDigest: base?.digest ?? null }, approvers);
  const published = await templates.publish(systemActor("publisher", tenant.id), { reviewId });
  if (signed) await templates.sign(systemActor("signer", tenant.id), { versionId: published.versionId });
  return published;
}

/** Approvals of the head as it is now, one after the other, until there are enough. */
export async function approveBy(
  reviews: Reviews,
  seen: Omit<Judged, "policyRevision">,
  approvers: readonly UserActor[],
  kind: "template" | "plan" = "template",
): Promise<void> {
  for (const approver of approvers) {
    const { state } = await reviews.approve(approver, { ...seen, policyRevision: reviews.policyRevision(kind) });
    if (state === "approved") return;
  }
}
