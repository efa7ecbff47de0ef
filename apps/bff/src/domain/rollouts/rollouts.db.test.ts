import { expect, test } from "vitest";
import { systemActor } from "../actor.ts";
import { readPlan } from "./plan.ts";
import { loop, onProduction, openTestRollouts, PLAN, type TestRollouts } from "./test-rollouts.ts";

const OTHER = PLAN.replace("weight: 10,", "weight: 20,");
const operatorOf = (t: TestRollouts) => t.registry.kernel.acme.as("operator");

/** A channel with 1.0.0 as its stable version. */
async function withStable(t: TestRollouts, plan = PLAN) {
  const stable = await t.version("1.0.0");
  await t.plan(plan);
  await t.registry.channels.create(operatorOf(t), { templateName: "audit", name: "production", planName: "standard" });
  const { number } = await t.registry.rollouts.start(operatorOf(t), { ...onProduction, semver: "1.0.0" });
  await t.registry.rollouts.passGate(operatorOf(t), { number }).catch(() => undefined);
  await promoteAll(t, number);
  return stable;
}

async function promoteAll(t: TestRollouts, number: number) {
  for (let state = "running"; state === "running"; ) {
    await t.registry.rollouts.passGate(operatorOf(t), { number }).catch(() => undefined);
    ({ state } = await t.registry.rollouts.promote(operatorOf(t), { number, reason: "test" }));
  }
}

const start = (t: TestRollouts, semver: string) => t.registry.rollouts.start(operatorOf(t), { ...onProduction, semver });

async function rolloutOf(t: TestRollouts, number: number) {
  const [row] = await t.rows<{ state: string; reason: string | null; step: number }>(
    "select state, state_reason as reason, step from rollouts where number = $1",
    [number],
  );
  return row;
}

async function channelOf(t: TestRollouts) {
  const [row] = await t.rows<{ stable: string | null; canary: string | null; weight: number }>(
    `select (select semver from template_versions v where v.id = stable_version_id) as stable, canary_weight as weight,
       (select semver from template_versions v where v.id = canary_version_id) as canary from channels`,
  );
  return row;
}

test("a channel resolves to nothing until a rollout gave it its first version, which every key gets at once", async () => {
  await using t = await openTestRollouts();
  await t.version("1.0.0");
  await t.plan();
  await t.registry.channels.create(operatorOf(t), { templateName: "audit", name: "production", planName: "standard" });
  await expect(t.submit("a")).rejects.toMatchObject({ code: "channels.no-valid-version" });
  const { number } = await start(t, "1.0.0");
  expect(await t.submit("a")).toMatchObject({ semver: "1.0.0", cohort: "canary" });
  await promoteAll(t, number);
  expect(await channelOf(t)).toEqual({ stable: "1.0.0", canary: null, weight: 0 });
  expect(await t.submit("a")).toMatchObject({ semver: "1.0.0", cohort: null });
});

test("a healthy canary goes from step to step at its deadlines, waits at the gate, and becomes the stable version", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  await t.version("1.1.0");
  const { number } = await start(t, "1.1.0");
  expect(await channelOf(t)).toEqual({ stable: "1.0.0", canary: "1.1.0", weight: 1_000 });
  const serve = async (count: number, prefix: string) => {
    for (let n = 0; n < count; n += 1) await t.submit(`${prefix}-${n}`);
    await t.work(() => "succeeded");
    await t.turn();
  };
  await serve(120, "a");
  expect(await rolloutOf(t, number)).toMatchObject({ state: "running", step: 0 });
  t.registry.clock.advance(61_000);
  await t.turn();
  expect(await rolloutOf(t, number)).toMatchObject({ state: "running", step: 1 });
  expect(await channelOf(t)).toMatchObject({ weight: 5_000 });
  await serve(30, "b");
  t.registry.clock.advance(61_000);
  await t.turn();
  // Nobody failed: the plan pauses at this deadline rather than guess.
  expect(await rolloutOf(t, number)).toMatchObject({ state: "paused", reason: "deadline" });
  await expect(t.registry.rollouts.promote(operatorOf(t), { number, reason: "enough" })).rejects.toMatchObject({
    code: "rollouts.gate-waiting",
  });
  await t.registry.rollouts.passGate(operatorOf(t), { number });
  await t.registry.rollouts.promote(operatorOf(t), { number, reason: "enough" });
  expect(await channelOf(t)).toEqual({ stable: "1.1.0", canary: null, weight: 0 });
  expect(await rolloutOf(t, number)).toMatchObject({ state: "completed" });
  const events = await t.rows<{ kind: string }>(
    "select e.kind from rollout_events e join rollouts r on r.id = e.rollout_id where r.number = $1 order by e.id",
    [number],
  );
  expect(events.map(({ kind }) => kind)).toEqual(["started", "step", "paused", "gate-passed", "promoted", "completed"]);
  const told = await t.registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ topic: string }>("select topic from outbox_events where topic like 'rollout.%' and payload->>'number' = $1 order by id", [
      String(number),
    ]),
  );
  expect(told.rows.map(({ topic }) => topic)).toEqual(["rollout.paused", "rollout.completed"]);
});

test("a worse canary is rolled back by itself; who failed on it and who waited for it ends well on the stable version", async () => {
  await using t = await openTestRollouts();
  await withStable(t, PLAN.replace("weight: 10,", "weight: 40,"));
  await t.version("1.1.0");
  const { number } = await start(t, "1.1.0");
  let submitted = 0;
  const submit = async (count: number, prefix: string) => {
    await Promise.all(Array.from({ length: count }, (_, n) => t.submit(`${prefix}-${n}`)));
    submitted += count;
  };
  for (let round = 0; round < 6 && (await rolloutOf(t, number))?.state === "running"; round += 1) {
    await submit(30, `${round}`);
    await t.work(({ signed }) => (signed?.semver === "1.1.0" ? "failed" : "succeeded"));
    // The canary's runs are queued again, on the stable version: somebody waits for the canary too when it ends.
    await submit(10, `wait-${round}`);
    await t.turn();
  }
  expect(await rolloutOf(t, number)).toMatchObject({ state: "rolled_back", reason: "breached:failed" });
  expect(await channelOf(t)).toEqual({ stable: "1.0.0", canary: null, weight: 0 });
  const queued = await t.rows<{ semver: string }>("select distinct semver from runs where state = 'queued'");
  expect(queued).toEqual([{ semver: "1.0.0" }]);
  await t.work(() => "succeeded");
  await t.work(() => "succeeded");
  await t.registry.usage.ingest(loop);
  const ends = await t.rows<{ state: string; n: number }>("select state, count(*)::int as n from runs group by state");
  expect(ends).toEqual([{ state: "succeeded", n: submitted }]);
  const [moved] = await t.rows<{ runs: number; judged: number; events: number }>(
    `select count(*)::int as runs, count(judged)::int as judged,
       (select count(distinct run_id)::int from run_events where kind = 'moved') as events from runs where moved_from_version_id is not null`,
  );
  expect(moved?.runs).toBeGreaterThan(5);
  expect(moved).toMatchObject({ judged: 0, events: moved?.runs });
  // What failed is the canary's, once, and what came of it afterwards is nobody's evidence.
  const [canary] = await t.rows<{ failed: number; evidence: number }>(
    `select count(*) filter (where o.state = 'failed')::int as failed, count(o.cohort) filter (where o.attempt > 1)::int as evidence from run_outcomes o`,
  );
  expect(canary).toMatchObject({ evidence: 0 });
  expect(canary?.failed).toBeGreaterThan(5);
  const [event] = await t.rows<{ data: { metrics: { name: string; verdict: string; canary: { bad: number } }[] } }>(
    "select data from rollout_events where kind = 'rolled-back'",
  );
  expect(event?.data.metrics).toMatchObject([{ name: "failed", verdict: "breached" }]);
});

test("without traffic there is no verdict: the rollout pauses at its deadline and goes on from there", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  await t.version("1.1.0");
  const { number } = await start(t, "1.1.0");
  t.registry.clock.advance(59_000);
  await t.turn();
  expect(await rolloutOf(t, number)).toMatchObject({ state: "running" });
  t.registry.clock.advance(2_000);
  await t.turn();
  expect(await rolloutOf(t, number)).toMatchObject({ state: "paused", reason: "too-few-samples" });
  expect(await t.turn()).toBe(0);
  await t.registry.rollouts.resume(operatorOf(t), { number });
  t.registry.clock.advance(59_000);
  await t.turn();
  expect(await rolloutOf(t, number)).toMatchObject({ state: "running", step: 0 });
});

test("a revoked canary rolls back, a revoked baseline pauses and its keys get the one before, both leave the channel without a version", async () => {
  await using t = await openTestRollouts();
  const first = await withStable(t);
  const second = await t.version("1.1.0");
  await promoteAll(t, (await start(t, "1.1.0")).number);
  const third = await t.version("1.2.0");
  const { number } = await start(t, "1.2.0");
  for (let n = 0; n < 30; n += 1) await t.submit(`k-${n}`);
  await t.revoke(second);
  expect(await rolloutOf(t, number)).toMatchObject({ state: "paused", reason: "baseline-revoked" });
  expect(await channelOf(t)).toMatchObject({ stable: "1.0.0", canary: "1.2.0" });
  // Nobody who waited lost anything.
  expect(await t.rows("select distinct state from runs")).toEqual([{ state: "queued" }]);
  await expect(t.registry.rollouts.resume(operatorOf(t), { number })).rejects.toMatchObject({ code: "rollouts.baseline-revoked" });
  await t.revoke(third);
  expect(await rolloutOf(t, number)).toMatchObject({ state: "rolled_back" });
  expect(await channelOf(t)).toEqual({ stable: "1.0.0", canary: null, weight: 0 });
  expect(await t.rows("select distinct state, semver from runs")).toEqual([{ state: "queued", semver: "1.0.0" }]);
  await t.revoke(first);
  await expect(t.submit("k")).rejects.toMatchObject({ code: "channels.no-valid-version" });
});

test("a channel has one live rollout, and only of another, sound version", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  const bad = await t.version("1.1.0");
  await t.version("1.2.0");
  await t.registry.revoke(bad);
  await expect(start(t, "1.1.0")).rejects.toMatchObject({ code: "rollouts.version-unusable" });
  await expect(start(t, "1.0.0")).rejects.toMatchObject({ code: "rollouts.same-version" });
  await expect(start(t, "9.0.0")).rejects.toMatchObject({ code: "templates.version-missing" });
  const results = await Promise.allSettled([start(t, "1.2.0"), start(t, "1.2.0")]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(start(t, "1.2.0")).rejects.toMatchObject({ code: "rollouts.live" });
  await expect(t.registry.rollouts.start(t.registry.kernel.acme.as("editor"), { ...onProduction, semver: "1.2.0" })).rejects.toMatchObject({
    code: "access.denied",
  });
});

test("a plan that waits for its signature begins no rollout; a channel may name it, and go by it once it is signed", async () => {
  await using t = await openTestRollouts();
  await t.version("1.0.0");
  const { planId } = await t.plan(PLAN, { signed: false });
  await t.registry.channels.create(operatorOf(t), { templateName: "audit", name: "production", planName: "standard" });
  const problems = async () => (await t.registry.rollouts.preview(operatorOf(t), { ...onProduction, semver: "1.0.0" })).problems;
  expect((await problems()).map(({ code }) => code)).toEqual(["plans.unsigned"]);
  await expect(start(t, "1.0.0")).rejects.toMatchObject({
    kind: "conflict",
    code: "plans.unsigned",
    details: { name: "standard", revision: 1 },
  });
  expect(await channelOf(t)).toEqual({ stable: null, canary: null, weight: 0 });
  await t.plans.sign(systemActor("signer", t.registry.kernel.acme.id), { planId });
  expect(await problems()).toEqual([]);
  await promoteAll(t, (await start(t, "1.0.0")).number);
  // The newest revision is the one in force: an older one that is signed does not stand in for it.
  await t.version("1.1.0");
  await t.plan(PLAN.replace("weight: 10,", "weight: 5,"), { signed: false });
  await expect(start(t, "1.1.0")).rejects.toMatchObject({ code: "plans.unsigned", details: { revision: 2 } });
});

test.each([
  ["a signature of another digest", readPlan(OTHER).digest ?? "", OTHER],
  ["a text that is not what its digest says", readPlan(PLAN).digest ?? "", OTHER],
])("%s is no signature of the plan", async (_, digest, source) => {
  await using t = await openTestRollouts();
  await t.version("1.0.0");
  await t.plan();
  await t.rows(
    `insert into rollout_plans (tenant_id, name, revision, digest, source, published_by, attestation_id)
     select tenant_id, name, 2, $1, $2, 'test', attestation_id from rollout_plans`,
    [digest, source],
  );
  await t.registry.channels.create(operatorOf(t), { templateName: "audit", name: "production", planName: "standard" });
  await expect(start(t, "1.0.0")).rejects.toMatchObject({ code: "plans.unsigned", details: { revision: 2 } });
});

test("a plan that a distrusted key signed begins no rollout; one under way goes on, and the same text signed by the next key begins others", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  await t.version("1.1.0");
  const { number } = await start(t, "1.1.0");
  const { signing, kernel, clock, rollouts } = t.registry;
  const admin = kernel.acme.as("admin");
  const [key] = (await signing.keys(admin)).items;
  await signing.distrust(admin, { keyId: key?.id ?? "", from: new Date(0), reason: "It was copied." });
  expect((await t.plans.get(operatorOf(t), { name: "standard" })).signature).toBe("distrusted");
  await promoteAll(t, number);
  expect(await channelOf(t)).toEqual({ stable: "1.1.0", canary: null, weight: 0 });
  await t.version("1.2.0");
  const refused = { kind: "conflict", code: "plans.distrusted", details: { name: "standard", revision: 1 } };
  await expect(start(t, "1.2.0")).rejects.toMatchObject(refused);
  expect((await rollouts.preview(operatorOf(t), { ...onProduction, semver: "1.2.0" })).problems).toMatchObject([{ code: refused.code }]);
  clock.advance(1_000);
  expect(await t.plan(PLAN)).toMatchObject({ revision: 2 });
  await start(t, "1.2.0");
  // Trusted again, it is refused again.
  await expect(t.plan(PLAN)).rejects.toMatchObject({ code: "plans.nothing-changed" });
});

test("while a hold is on, nothing is submitted to the channel, and the reason is said", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  const { kernel, quotas } = t.registry;
  const { holdId } = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    quotas.hold(tx, { tenantId: kernel.acme.id, templateId: null, source: "budget:1", reason: "The budget is spent" }),
  );
  await expect(t.submit("k")).rejects.toMatchObject({ code: "quotas.held", details: { reason: "The budget is spent" } });
  expect((await quotas.list(kernel.acme.as("manager"))).items).toMatchObject([{ id: holdId, reason: "The budget is spent" }]);
  await quotas.release(kernel.acme.as("manager"), { holdId });
  expect(await t.submit("k")).toMatchObject({ semver: "1.0.0" });
});

test("submits that race with a roll-back are pinned to what holds after it, every one", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  await t.version("1.1.0");
  const { number } = await start(t, "1.1.0");
  const submits = Array.from({ length: 60 }, (_, n) => t.submit(`race-${n}`));
  const aborted = t.registry.rollouts.abort(operatorOf(t), { number, reason: "race" });
  await Promise.all([...submits, aborted]);
  expect(await t.rows("select distinct semver from runs where state = 'queued'")).toEqual([{ semver: "1.0.0" }]);
});

test("what is answered from memory is true again within two seconds, and at once when the doorbell rings", async () => {
  await using t = await openTestRollouts();
  await withStable(t);
  await t.version("1.1.0");
  const reader = t.registry.kernel.acme.as("editor");
  const asked = () => t.registry.channels.resolveCached(reader, { ...onProduction, key: "k" });
  const before = await asked();
  // Moved behind everybody's back: nobody rings.
  await t.rows("update channels set stable_version_id = (select id from template_versions where semver = '1.1.0')");
  t.registry.clock.advance(1_999);
  expect((await asked()).versionId).toBe(before.versionId);
  t.registry.clock.advance(1);
  const after = await asked();
  expect(after.versionId).not.toBe(before.versionId);
  await t.rows("update channels set stable_version_id = $1", [before.versionId]);
  t.registry.channels.ring("x");
  await expect.poll(async () => (await asked()).versionId).toBe(before.versionId);
});
