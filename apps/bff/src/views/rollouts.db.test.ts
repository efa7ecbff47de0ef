import { expect, test } from "vitest";
import { onProduction, openTestRollouts } from "../domain/rollouts/test-rollouts.ts";
import { createRolloutsView } from "./rollouts.ts";

/** A channel on which 1.0.0 completed, 1.1.0 was aborted, and 1.2.0 is live. */
async function open() {
  const t = await openTestRollouts();
  const { acme, globex, access } = t.registry.kernel;
  const operator = acme.as("operator");
  const { rollouts, channels } = t.registry;
  for (const semver of ["1.0.0", "1.1.0", "1.2.0"]) await t.version(semver);
  await t.plan();
  await channels.create(operator, { templateName: "audit", name: "production", planName: "standard" });
  const start = async (semver: string) => (await rollouts.start(operator, { ...onProduction, semver })).number;
  const first = await start("1.0.0");
  await rollouts.promote(operator, { number: first, reason: "first" });
  await rollouts.passGate(operator, { number: first });
  await rollouts.promote(operator, { number: first, reason: "first" });
  await rollouts.abort(operator, { number: await start("1.1.0"), reason: "not yet" });
  const live = await start("1.2.0");
  return {
    t,
    view: createRolloutsView({ access, redis: t.registry.redis }),
    operator,
    live,
    acme,
    globex,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
}

test("the list is newest first, by state, by template and below a cursor; the counts are of what is live", async () => {
  await using o = await open();
  const list = async (query: Parameters<typeof o.view.list>[1]) =>
    (await o.view.list(o.operator, query)).items.map(({ canary, state, weightPercent }) => `${canary} ${state} ${weightPercent}`);
  const [live, aborted, completed] = ["1.2.0 running 10", "1.1.0 rolled_back 0", "1.0.0 completed 100"];
  expect(await list({})).toEqual([live, aborted, completed]);
  expect(await list({ state: "live" })).toEqual([live]);
  expect(await list({ state: "ended" })).toEqual([aborted, completed]);
  expect(await list({ templateName: "audit", state: "ended", cursor: "2" })).toEqual([completed]);
  expect(await list({ templateName: "other" })).toEqual([]);
  await o.t.registry.rollouts.pause(o.operator, { number: o.live, reason: "lunch" });
  expect(await o.view.list(o.operator, { state: "ended" })).toMatchObject({ nextCursor: null, counts: { live: 1, paused: 1 } });
});

test("a page has its plan, its figures, its events and what its reader may do", async () => {
  await using o = await open();
  for (let n = 0; n < 80; n += 1) await o.t.submit(`key-${n}`);
  await o.t.work(({ runId }) => (runId.endsWith("0") ? "failed" : "succeeded"));
  await o.t.turn();
  const page = await o.view.get(o.operator, { number: o.live });
  expect(page).toMatchObject({ baseline: "1.0.0", canary: "1.2.0", step: 0, steps: 3, gate: null, queuedOnCanary: 0 });
  expect(page.plan.steps.map(({ weightPercent, gate }) => [weightPercent, gate?.title ?? null])).toEqual([
    [10, null],
    [50, "Look at the figures"],
    [100, null],
  ]);
  expect(page.samples.baseline + page.samples.canary).toBe(80);
  expect(page.samples).toMatchObject({ needed: 5 });
  const [failed] = page.metrics;
  expect(failed).toMatchObject({ name: "failed", byStep: [{ step: 0, canary: failed?.canary, baseline: failed?.baseline }] });
  expect(failed?.canary.samples).toBe(page.samples.canary);
  expect(failed?.series.length).toBeGreaterThan(0);
  expect(page.events.map(({ kind }) => kind)).toEqual(["started"]);
  expect(page.can).toMatchObject({ pause: { allowed: true }, resume: { allowed: false }, abort: { allowed: true } });
  const { can } = await o.view.get(o.acme.as("editor"), { number: o.live });
  expect(Object.values(can).map(({ allowed }) => allowed)).toEqual([false, false, false, false, false]);
});

test("another tenant sees none of it", async () => {
  await using o = await open();
  const stranger = o.globex.as("operator");
  expect(await o.view.list(stranger, {})).toEqual({ items: [], nextCursor: null, counts: { live: 0, paused: 0 } });
  await expect(o.view.get(stranger, { number: o.live })).rejects.toMatchObject({ code: "rollouts.missing" });
});
