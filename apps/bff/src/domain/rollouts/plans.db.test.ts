import { expect, test } from "vitest";
import { openTestKernel, type TestTenant } from "../../seed/test-kernel.ts";
import { approveBy, openTestTemplates } from "../../seed/test-templates.ts";
import { createReviewsView } from "../../views/reviews.ts";
import { systemActor } from "../actor.ts";
import { createPlans, readPlan } from "./plans.ts";

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
  const plans = createPlans({ access: kernel.access, reviews: factory.reviews });
  const view = createReviewsView({ access: kernel.access, reviews: factory.reviews, redis: factory.redis, clock: factory.clock });
  const operator = kernel.acme.as("operator");
  const propose = (source: string, name = "standard") => plans.propose(operator, { name, source, title: "Slower" });
  const approve = (reviewId: string, source: string, base: string | null = null) =>
    approveBy(
      factory.reviews,
      { reviewId, digest: readPlan(source).digest ?? "", baseDigest: base === null ? null : readPlan(base).digest },
      [kernel.acme.as("reviewer")],
      "plan",
    );
  const publish = (reviewId: string) => plans.publish(systemActor("publisher", kernel.acme.id), { reviewId });
  return {
    ...kernel,
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
    { name: "standard", revision: 1 },
    { name: "standard", revision: 1 },
  ]);
  expect(await t.published(sourceOf(20), first)).toEqual({ name: "standard", revision: 2 });
  expect(await revisionsOf(t, t.acme)).toEqual([
    [2, 20],
    [1, 10],
  ]);
  expect((await t.plans.get(t.operator, { name: "standard" })).source).toBe(sourceOf(20));
  await expect(t.plans.get(t.globex.as("operator"), { name: "standard" })).rejects.toMatchObject({ code: "plans.missing" });
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
  expect(page.decisions.map(({ killedReason }) => killedReason)).toEqual(["base-changed"]);
  expect(await revisionsOf(t, t.acme)).toEqual([
    [2, 40],
    [1, 10],
  ]);
});
