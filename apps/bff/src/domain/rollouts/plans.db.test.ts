import { verifyBundle } from "@agent-factory/gate";
import { PLAN_PUBLICATION_TYPE, type PlanPublication } from "@agent-factory/gate/statement";
import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import { openTestKernel, type TestTenant } from "../../seed/test-kernel.ts";
import { approveBy, openTestTemplates } from "../../seed/test-templates.ts";
import { createReviewsView } from "../../views/reviews.ts";
import { createSigningView } from "../../views/signing.ts";
import { createListeners, tell } from "../../workers/listeners.ts";
import { systemActor } from "../actor.ts";
import { deliverOutbox } from "../audit/outbox.ts";
import { createPlans, type Plans, readPlan } from "./plans.ts";

const sourceOf = (weight: number, title = "Standard") => `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: standard, title: ${title} }
spec:
  steps:
    - { weight: ${weight}, deadline: 1h }
    - { weight: 100, deadline: 1h }
  metrics: [{ name: failed, onBreach: rollback }]
`;

async function open() {
  const kernel = await openTestKernel();
  const factory = await openTestTemplates(kernel);
  const plans = createPlans({ access: kernel.access, reviews: factory.reviews, signing: factory.signing });
  const view = createReviewsView({ access: kernel.access, reviews: factory.reviews, redis: factory.redis, clock: factory.clock });
  const operator = kernel.acme.as("operator");
  const propose = (source: string, name = "standard") => plans.propose(operator, { name, source, title: "Slower" });
  const approve = (reviewId: string, source: string, base: string | null = null) =>
    approveBy(
      factory.reviews,
      { reviewId, digest: readPlan(source).digest ?? "", baseDigest: base === null ? null : readPlan(base).digest },
      [kernel.acme.as("reviewer"), kernel.acme.as("admin")],
      "plan",
    );
  const publish = (reviewId: string) => plans.publish(systemActor("publisher", kernel.acme.id), { reviewId });
  const logger = createLogger({ app: "test", level: "silent" });
  return {
    ...kernel,
    ...factory,
    /** The loops' turn, by these plans: everything that is due is heard once. */
    deliver: (by: Pick<Plans, "publish" | "sign"> = plans) => {
      const listeners = createListeners({
        templates: factory.templates,
        plans: by,
        rollouts: { onVersionRevoked: async () => 0 },
        runs: { takeBack: async () => 0, cancelOfVersion: async () => 0 },
        notices: { hear: async () => undefined },
        trust: { changed: async () => undefined },
      });
      return deliverOutbox(kernel.fastDatabase, (event) => tell(listeners, event, logger));
    },
    plans,
    view,
    operator,
    propose,
    approve,
    publish,
    published: async (source: string, base: string | null = null) => {
      const { reviewId } = await propose(source);
      await approve(reviewId, source, base);
      return publish(reviewId);
    },
    [Symbol.asyncDispose]: async () => {
      await factory[Symbol.asyncDispose]();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

const revisionsOf = async (t: Awaited<ReturnType<typeof open>>, tenant: TestTenant) =>
  (await t.plans.get(tenant.as("editor"), { name: "standard" })).revisions.map(({ revision, plan }) => [revision, plan.steps[0]?.weight]);

test("a proposal is no plan until somebody else approved it; then it is the next revision, once, with its text", async () => {
  await using t = await open();
  const first = sourceOf(10);
  const { reviewId } = await t.propose(first);
  expect(await t.plans.list(t.operator)).toEqual({ items: [] });
  await expect(t.publish(reviewId)).rejects.toMatchObject({ code: "reviews.not-approved" });
  await t.approve(reviewId, first);
  expect([await t.publish(reviewId), await t.publish(reviewId)]).toEqual([
    { planId: expect.any(String), name: "standard", revision: 1 },
    { planId: expect.any(String), name: "standard", revision: 1 },
  ]);
  expect(await t.published(sourceOf(20), first)).toMatchObject({ name: "standard", revision: 2 });
  expect(await revisionsOf(t, t.acme)).toEqual([
    [2, 20],
    [1, 10],
  ]);
  expect((await t.plans.get(t.operator, { name: "standard" })).source).toBe(sourceOf(20));
  await expect(t.plans.get(t.globex.as("operator"), { name: "standard" })).rejects.toMatchObject({ code: "plans.missing" });
});

test("an approved plan is published and signed by the loops; the log holds its entry, and the bundle says who proposed and who approved it", async () => {
  await using t = await open();
  const first = sourceOf(10);
  const { reviewId, reviewNumber } = await t.propose(first);
  await t.approve(reviewId, first);
  while ((await t.deliver()) > 0);
  const [plan] = (await t.plans.list(t.operator)).items;
  expect(plan).toMatchObject({ name: "standard", revision: 1, signature: "held", logIndex: expect.any(Number) });
  const name = "acme/plans/standard@1";
  const { rows } = await t.fastDatabase.inTenant(t.acme.id, (tx) =>
    tx.query<{ bundle: string }>(
      `select a.bundle_digest as bundle from rollout_plans p join attestations a on a.id = p.attestation_id
        where a.subject_name = $1 and a.subject_digest = p.digest and a.predicate_type = $2`,
      [name, PLAN_PUBLICATION_TYPE],
    ),
  );
  const bundle = JSON.parse((await t.blobs.get(t.acme.id, rows[0]?.bundle ?? "")).toString("utf8"));
  const demands = { tenantId: t.acme.id, predicateType: PLAN_PUBLICATION_TYPE, now: t.clock.now() };
  const trust = { ...(await t.signing.trust([t.acme.id])), revoked: [] };
  const verify = (digest: string) => verifyBundle(bundle, { ...demands, subject: { name, digest } }, trust);
  const verdict = await verify(plan?.digest ?? "");
  expect(verdict.steps.filter(({ held }) => !held)).toEqual([]);
  expect(verdict.statement?.predicate).toEqual({
    tenant: { id: t.acme.id, slug: "acme" },
    plan: "standard",
    revision: 1,
    parent: null,
    proposedBy: { id: t.operator.id, name: t.operator.name },
    review: {
      id: reviewId,
      number: reviewNumber,
      revision: 1,
      policyRevision: t.reviews.policyRevision("plan"),
      contributors: [t.operator.id],
      approvals: [{ by: { id: t.acme.as("reviewer").id, name: t.acme.as("reviewer").name }, at: expect.any(String) }],
    },
    publishedAt: plan?.publishedAt ?? "",
  } satisfies PlanPublication);
  expect((await verify(readPlan(sourceOf(20)).digest ?? "")).refusedBy).toBe("subject");
  // It stands in the log for its readers, and leads back to the plan.
  const log = createSigningView({ access: t.access, signing: t.signing, blobs: t.blobs });
  expect(await log.logEntry(t.operator, { index: plan?.logIndex ?? -1 })).toMatchObject({
    kind: "dsse",
    own: { label: name, href: "/rollouts/plans/standard" },
  });
  // What follows names what came before.
  await t.plans.sign(systemActor("signer", t.acme.id), { planId: (await t.published(sourceOf(5), first))?.planId ?? "" });
  expect((await t.plans.get(t.operator, { name: "standard" })).revisions.map(({ signature }) => signature)).toEqual(["held", "held"]);
});

test("killed between publishing and signing, or in the middle of signing, a plan waits, and the next turn signs it, once", async () => {
  await using t = await open();
  const first = sourceOf(10);
  const { reviewId } = await t.propose(first);
  await t.approve(reviewId, first);
  const due = async () => {
    await t.fastDatabase.asSystem((tx) => tx.query("update outbox_events set available_at = now() where delivered_at is null"));
    return t.deliver;
  };
  const state = async () => (await t.plans.list(t.operator)).items.map(({ revision, signature }) => [revision, signature]);
  const size = async () => (await t.signing.log.shards()).reduce((sum, shard) => sum + shard.size, 0);
  const dying = (attest: typeof t.signing.attest) => createPlans({ access: t.access, reviews: t.reviews, signing: { attest } });
  const killed = (): never => {
    throw new Error("killed");
  };
  // Before anything was signed.
  for (let turn = 0; turn < 3; turn += 1) await (await due())(dying(async () => killed()));
  expect(await state()).toEqual([[1, "waiting"]]);
  const before = await size();
  // After the attestation, before the plan has it.
  await (await due())(dying((...input) => t.signing.attest(...input).then(killed)));
  expect(await state()).toEqual([[1, "waiting"]]);
  expect(await size()).toBe(before + 1);
  await (await due())();
  expect(await state()).toEqual([[1, "held"]]);
  expect(await size()).toBe(before + 1);
  const [plan] = (await t.plans.list(t.operator)).items;
  const again = () => t.plans.sign(systemActor("signer", t.acme.id), { planId: plan?.id ?? "" });
  expect(await again()).toEqual(await again());
  expect(await size()).toBe(before + 1);
});

test("only the system signs a plan, of its own tenant, and what no review made is not signed", async () => {
  await using t = await open();
  const published = await t.published(sourceOf(10));
  const planId = published?.planId ?? "";
  await expect(t.plans.sign(t.acme.as("admin") as never, { planId })).rejects.toMatchObject({ code: "access.denied" });
  await expect(t.plans.sign(systemActor("signer", t.globex.id), { planId })).rejects.toMatchObject({ code: "plans.missing" });
  const { rows } = await t.fastDatabase.inTenant(t.acme.id, (tx) =>
    tx.query<{ id: string }>(
      "insert into rollout_plans (tenant_id, name, revision, digest, source, published_by) values ($1, 'standard', 2, $2, $3, 'test') returning id",
      [t.acme.id, readPlan(sourceOf(40)).digest, sourceOf(40)],
    ),
  );
  await expect(t.plans.sign(systemActor("signer", t.acme.id), { planId: rows[0]?.id ?? "" })).rejects.toThrow("came from no review");
});

test("a review of a plan tells what it loosens, and two people look at that; what it tightens needs one", async () => {
  await using t = await open();
  const first = sourceOf(10);
  await t.published(first);
  const { reviewId, reviewNumber } = await t.propose(sourceOf(20));
  const page = () => t.view.get(t.acme.as("reviewer"), { number: reviewNumber });
  const { head, approvals } = await page();
  expect(head.changes).toEqual([
    {
      class: "permission",
      path: "/spec/steps/0/weight",
      code: "steps.weight",
      before: 10,
      after: 20,
      message: { en: "spec.steps.0.weight changed from 10 % to 20 %.", fr: "spec.steps.0.weight est passé de 10 % à 20 %." },
    },
  ]);
  expect(approvals).toMatchObject({ required: 2, rules: ["reviews.permission"] });
  await t.approve(reviewId, sourceOf(20), first);
  await t.publish(reviewId);
  const stricter = await t.propose(sourceOf(5));
  expect((await t.view.get(t.acme.as("reviewer"), { number: stricter.reviewNumber })).approvals).toMatchObject({ required: 1 });
});

test("who proposed a plan does not approve it, whatever their role", async () => {
  await using t = await open();
  const admin = t.acme.as("admin");
  const { reviewNumber } = await t.plans.propose(admin, { name: "standard", source: sourceOf(10), title: "Mine" });
  const { mine, subjectKind } = await t.view.get(admin, { number: reviewNumber });
  expect(subjectKind).toBe("plan");
  expect(mine).toMatchObject({ part: "contributor", approve: { allowed: false } });
  const [row] = (await t.view.list(admin, { filter: "open" })).items;
  expect(row).toMatchObject({ number: reviewNumber, subjectKind: "plan", templateName: "standard" });
  expect((await t.view.get(t.acme.as("reviewer"), { number: reviewNumber })).mine.approve).toEqual({ allowed: true, reason: null });
  await expect(t.plans.propose(t.acme.as("editor"), { name: "other", source: sourceOf(10), title: "No" })).rejects.toMatchObject({
    code: "access.denied",
  });
});

test("a text with errors is refused with the place of each, and leaves nothing behind", async () => {
  await using t = await open();
  const refused = async (source: string) =>
    t.propose(source).then(
      () => "accepted",
      ({ code, details }) => [
        code,
        details.issues.map((issue: { line: number; column: number; pointer: string }) => [issue.pointer, issue.line, issue.column]),
      ],
    );
  expect(await refused(sourceOf(10).replace("deadline: 1h", "deadline: soon"))).toEqual([
    "plans.invalid",
    [["/spec/steps/0/deadline", 6, 31]],
  ]);
  expect(await refused(sourceOf(10).replace("metrics: [", "metrics: [" + "{ name: failed, onBreach: rollback }, "))).toEqual([
    "plans.invalid",
    [["/spec/metrics/1/name", 8, 59]],
  ]);
  expect(await refused(sourceOf(10).replace("title: Standard }", "title: Standard"))).toMatchObject(["plans.invalid", [["", 4, 1]]]);
  await expect(t.propose(sourceOf(10), "other")).rejects.toMatchObject({ code: "plans.name-mismatch" });
  expect((await t.view.list(t.operator, { filter: "open" })).items).toEqual([]);
});

test("what changes nothing is refused, also in other words; one proposal of a name at a time", async () => {
  await using t = await open();
  await t.published(sourceOf(10));
  await expect(t.propose(`# the same\n${sourceOf(10)}`)).rejects.toMatchObject({ code: "plans.nothing-changed" });
  const { reviewNumber } = await t.propose(sourceOf(20));
  await expect(t.propose(sourceOf(30))).rejects.toMatchObject({ code: "plans.proposed", details: { number: reviewNumber } });
});

test("a revision that was published meanwhile sends the proposal back to its review, which says why", async () => {
  await using t = await open();
  const first = sourceOf(10);
  await t.published(first);
  const { reviewId, reviewNumber } = await t.propose(sourceOf(20));
  await t.approve(reviewId, sourceOf(20), first);
  await t.fastDatabase.inTenant(t.acme.id, (tx) =>
    tx.query(
      "insert into rollout_plans (tenant_id, name, revision, digest, source, published_by) values ($1, 'standard', 2, $2, $3, 'test')",
      [t.acme.id, readPlan(sourceOf(40)).digest, sourceOf(40)],
    ),
  );
  await expect(t.publish(reviewId)).rejects.toMatchObject({ code: "plans.base-outdated" });
  const page = await t.view.get(t.operator, { number: reviewNumber });
  expect(page).toMatchObject({ state: "open", outcome: null, problem: { code: "plans.base-outdated" } });
  expect(page.checks.find(({ name }) => name === "base")).toMatchObject({ state: "failed" });
  expect(page.decisions.map(({ killedReason }) => killedReason)).toEqual(["base-changed", "base-changed"]);
  expect(await revisionsOf(t, t.acme)).toEqual([
    [2, 40],
    [1, 10],
  ]);
});
