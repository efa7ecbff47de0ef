/**
 * A channel that moves from one version to another while people run it: the real registry, its loops, a real host with real sandboxes.
 * Whatever becomes of the rollout, every run that was accepted ends well, once, and is counted.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type System, startSystem } from "./system.ts";

const READY_MS = 60_000;
const ENDS_MS = 120_000;
const SLOTS = 4;
const CHANNEL = "production";
const WAVE = 12;
/** Far more than a verdict takes: whoever needs more has none. */
const WAVES_MAX = 40;

/** Answers its version. One input in three is too much for the faulty one: the input alone decides which. */
const codeOf = (mark: string, { faulty = false } = {}) => ({
  "index.mjs": `
    export default async ({ n }) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (${faulty} && n % 3 === 0) throw new Error("cannot take " + n);
      return { n, mark: "${mark}" };
    };
  `,
});

const planOf = (name: string, steps: readonly string[]) => `apiVersion: agentfactory.dev/v1
kind: RolloutPlan
metadata: { name: ${name}, title: Small }
spec:
  alpha: 0.2
  steps:
${steps.map((step) => `    - { ${step} }`).join("\n")}
  metrics: [{ name: failed, onBreach: rollback }]
`;

let system: System;

beforeAll(async () => {
  system = await startSystem({ templateName: "draft-only", code: codeOf("draft"), timeout: "20s", memory: "128Mi", slots: SLOTS });
}, READY_MS);

afterAll(async () => {
  await system?.stop();
}, READY_MS);

/** A template with 1.0.0 as the stable version of its channel, and a next version that is signed and nobody's yet. */
async function openChannel(name: string, steps: readonly string[], next: Readonly<Record<string, string>>) {
  const { operator } = system;
  const { semver: stable } = await system.publish(name, codeOf("old"));
  const { reviewNumber } = await operator.plans.propose.mutate({ name, source: planOf(name, steps), title: "A plan for the test" });
  await system.approve(reviewNumber);
  const isSigned = async () => (await operator.plans.list.query()).items.some((plan) => plan.name === name && plan.signature === "held");
  await system.until("the plan is published and signed", isSigned);
  await operator.channels.create.mutate({ templateName: name, name: CHANNEL, planName: name });
  const { number } = await operator.rollouts.start.mutate({ templateName: name, channel: CHANNEL, semver: stable });
  await operator.rollouts.promote.mutate({ number, reason: "The first version" });
  const { semver: canary } = await system.publishNext(name, next);
  return { stable, canary };
}

type Accepted = { readonly runId: string; readonly n: number; readonly semver: string; readonly cohort: string | null };

/** One run a key; the key is the number it is run with. */
function createTraffic(name: string) {
  const accepted: Accepted[] = [];
  const wave = async (size = WAVE) => {
    const numbers = Array.from({ length: size }, (_, at) => accepted.length + at);
    const runs = await Promise.all(
      numbers.map(async (n) => {
        const asked = { templateName: name, channel: CHANNEL, key: `key-${n}`, input: JSON.stringify({ n }) };
        const { runId, semver, cohort } = await system.editor.runs.submit.mutate(asked);
        return { runId, n, semver, cohort };
      }),
    );
    accepted.push(...runs);
    return runs;
  };
  const waiting = async () => {
    const states = await system.states(accepted.map(({ runId }) => runId));
    return states.filter((state) => state !== "succeeded").length;
  };
  /** Wave after wave, never far ahead of the host, until the condition holds. */
  const until = async (what: string, condition: () => Promise<boolean>) => {
    for (let waves = 0; !(await condition()); waves += 1) {
      if (waves >= WAVES_MAX) throw new Error(`${what}: not after ${accepted.length} runs; ${await standing(name)}`);
      await wave();
      await system.until(`room for more runs before ${what}`, async () => (await waiting()) < 2 * WAVE || (await condition()));
    }
  };
  return { accepted, wave, until };
}

/** For a failure's message: where the template's rollouts are. */
const standing = async (templateName: string) =>
  JSON.stringify(
    (await system.operator.rollouts.list.query({ templateName })).items.map(({ number, state, stateReason, step }) => ({
      number,
      state,
      stateReason,
      step,
    })),
  );

const rolloutOf = (number: number) => system.operator.rollouts.get.query({ number });

/** A step whose time ran out before a slow machine had its samples waits for somebody to say what that means: here, go on. */
async function followed(number: number) {
  const rollout = await rolloutOf(number);
  if (rollout.stateReason === "too-few-samples") await system.operator.rollouts.resume.mutate({ number });
  return rollout;
}

async function channelOf(templateName: string) {
  const { items } = await system.operator.channels.list.query({ templateName });
  const channel = items.find(({ name }) => name === CHANNEL);
  return { stable: channel?.stable?.semver, canary: channel?.canary?.semver ?? null, weightPercent: channel?.canaryWeightPercent };
}

/** Every accepted run ended well, once, with its own answer. */
async function expectAllSucceeded(accepted: readonly Accepted[]) {
  const ids = accepted.map(({ runId }) => runId);
  const ends = await system.ends(ids);
  expect(ends.filter(({ state }) => state !== "succeeded")).toEqual([]);
  expect(ends.map(({ output }) => JSON.parse(output?.text ?? "null").n)).toEqual(accepted.map(({ n }) => n));
  await system.expectCountedOnce(ids);
  return ends;
}

/** Attempts of the template's runs that ended badly and were moved to the baseline. */
const movesOf = (name: string) =>
  system.rows(
    `select e.run_id from run_events e join runs r on r.id = e.run_id join templates t on t.id = r.template_id
      where t.name = $1 and e.kind = 'moved' and e.data->>'state' = 'failed'`,
    [name],
  );

/** What was counted is what the ledger says: each run's end, and each attempt that failed and was moved. */
async function expectUsageAgrees(name: string, runs: number) {
  await system.until("all is counted", async () => (await system.rows("select 1 from usage_inbox limit 1")).length === 0);
  const [ledger] = await system.rows<{ ended: number; moved: number }>(
    `select (select count(*)::int from runs r where r.template_id = t.id and r.kind = 'run' and r.state = 'succeeded') as ended,
            (select count(*)::int from run_events e join runs r on r.id = e.run_id
              where r.template_id = t.id and e.kind = 'moved' and e.data->>'state' = 'failed') as moved
       from templates t where t.name = $1`,
    [name],
  );
  const rollups = await system.rows(
    `select grain_seconds as grain, sum(runs)::int as runs, sum(succeeded)::int as succeeded, sum(failed)::int as failed
       from usage_rollups u join templates t on t.id = u.template_id where t.name = $1 group by 1 order by 1`,
    [name],
  );
  expect(ledger?.ended).toBe(runs);
  const { ended, moved } = ledger ?? { ended: 0, moved: 0 };
  expect(rollups).toEqual([60, 3_600, 86_400].map((grain) => ({ grain, runs: ended + moved, succeeded: ended, failed: moved })));
  return moved;
}

/**
 * After a faulty version was taken back: every accepted run ended well, the baseline took what the faulty version could not, nobody was
 * moved who had not been given to it, and all of it is counted. Returns how many failed attempts were moved, and why runs were moved.
 */
async function expectTakenBack(name: string, stable: string, accepted: readonly Accepted[]) {
  const ends = await expectAllSucceeded(accepted);
  const given = new Map(accepted.map(({ runId, cohort }) => [runId, cohort]));
  const moves = ends.flatMap(({ id, events }) => events.filter(({ kind }) => kind === "moved").map(({ data }) => ({ id, data })));
  expect(moves.every(({ id }) => given.get(id) === "canary")).toBe(true);
  const tooMuch = ends.filter(({ id }, at) => given.get(id) === "canary" && (accepted[at]?.n ?? 1) % 3 === 0);
  expect(tooMuch.map(({ semver }) => semver)).toEqual(tooMuch.map(() => stable));
  expect(tooMuch.map(({ output }) => JSON.parse(output?.text ?? "null").mark)).toEqual(tooMuch.map(() => "old"));
  const failed = moves.filter(({ data }) => data["state"] === "failed").length;
  expect(await expectUsageAgrees(name, accepted.length)).toBe(failed);
  return { failed, reasons: [...new Set(moves.map(({ data }) => data["reason"]))] };
}

test("a version with a fault in one input of three is rolled back by itself, and every run ends well all the same", {
  timeout: ENDS_MS,
}, async () => {
  const name = "faulty";
  const steps = ["weight: 50, minSamples: 5, deadline: 10m", "weight: 100, deadline: 10m"];
  const { stable, canary } = await openChannel(name, steps, codeOf("new", { faulty: true }));
  const traffic = createTraffic(name);
  await traffic.wave();
  expect(traffic.accepted.every(({ semver, cohort }) => semver === stable && cohort === null)).toBe(true);
  const { number } = await system.operator.rollouts.start.mutate({ templateName: name, channel: CHANNEL, semver: canary });

  // More than the host can do before the verdict: some wait for the canary when it is taken back.
  await traffic.wave(120);
  await traffic.until("the rollout is over", async () => (await rolloutOf(number)).endedAt !== null);
  const rollout = await rolloutOf(number);
  expect(rollout).toMatchObject({ state: "rolled_back", stateReason: "breached:failed", queuedOnCanary: 0 });
  expect(await channelOf(name)).toEqual({ stable, canary: null, weightPercent: 0 });
  const last = rollout.events.at(-1);
  expect(last).toMatchObject({ kind: "rolled-back", data: { metric: "failed", metrics: [{ name: "failed", verdict: "breached" }] } });
  type Figures = { baseline: { bad: number }; canary: { samples: number; bad: number } };
  const [figures] = (last?.data["metrics"] ?? []) as Figures[];
  if (!figures) throw new Error("the event has no figures");
  expect(figures.baseline.bad).toBe(0);
  // At half the weight one bad unit at most doubles the evidence, and its share of alpha asks for ten times.
  expect(figures.canary.bad).toBeGreaterThanOrEqual(4);
  expect(figures.canary.bad).toBeLessThan(figures.canary.samples);

  await traffic.wave();
  expect(traffic.accepted.slice(-WAVE).every(({ semver }) => semver === stable)).toBe(true);
  const { failed, reasons } = await expectTakenBack(name, stable, traffic.accepted);
  expect(reasons).toContain("rolled-back");
  expect(failed).toBeGreaterThanOrEqual(figures.canary.bad);
});

/** Time enough that what waits from the step before, and a registry that starts again, leave room for the step's own samples. */
const THREE_STEPS = [
  "weight: 10, minSamples: 1, deadline: 8s, onDeadline: proceed",
  "weight: 50, minSamples: 3, deadline: 8s, onDeadline: proceed",
  "weight: 100, deadline: 10m",
];

async function weightsOf(templateName: string) {
  const { items } = await system.operator.channels.history.query({ templateName, name: CHANNEL });
  return items.toSorted((a, b) => a.revision - b.revision).map(({ canary, weightPercent }) => [canary, weightPercent]);
}

test("a good version goes from 10 % over 50 % to 100 % and becomes the stable one", { timeout: ENDS_MS }, async () => {
  const name = "good";
  const { stable, canary } = await openChannel(name, THREE_STEPS, codeOf("new"));
  const traffic = createTraffic(name);
  const { number } = await system.operator.rollouts.start.mutate({ templateName: name, channel: CHANNEL, semver: canary });
  await traffic.until("the rollout is over", async () => (await followed(number)).endedAt !== null);
  expect(await rolloutOf(number)).toMatchObject({ state: "completed", stateReason: null });
  expect(await channelOf(name)).toEqual({ stable: canary, canary: null, weightPercent: 0 });
  expect((await weightsOf(name)).slice(-4)).toEqual([
    [canary, 10],
    [canary, 50],
    [canary, 100],
    [null, 0],
  ]);
  await traffic.wave();
  expect(traffic.accepted.slice(-WAVE).every(({ semver, cohort }) => semver === canary && cohort === null)).toBe(true);
  expect(new Set(traffic.accepted.map(({ semver }) => semver))).toEqual(new Set([stable, canary]));
  const ends = await expectAllSucceeded(traffic.accepted);
  // Each ran what it was promised when it was accepted.
  expect(ends.map(({ semver }) => semver)).toEqual(traffic.accepted.map(({ semver }) => semver));
  expect(await expectUsageAgrees(name, traffic.accepted.length)).toBe(0);
});

test("registry and host killed and Redis emptied in mid-rollout: the next ones go on, and no run is lost", {
  timeout: 2 * ENDS_MS,
}, async () => {
  const name = "interrupted";
  const { canary } = await openChannel(name, THREE_STEPS, codeOf("new"));
  const traffic = createTraffic(name);
  const { number } = await system.operator.rollouts.start.mutate({ templateName: name, channel: CHANNEL, semver: canary });
  await traffic.wave(60);
  await system.until("some run", async () => (await system.states(traffic.accepted.map(({ runId }) => runId))).includes("running"));
  await system.killBff();
  await system.flushRedis();
  await system.startBff();
  expect(await rolloutOf(number)).toMatchObject({ endedAt: null });
  await traffic.until("the next step", async () => (await followed(number)).step > 0);
  await system.flushRedis();
  await traffic.wave();
  await system.until("some run", async () => (await system.states(traffic.accepted.map(({ runId }) => runId))).includes("running"));
  await system.killAgent();
  await system.startAgent();
  await traffic.until("the rollout is over", async () => (await followed(number)).endedAt !== null);
  expect(await rolloutOf(number)).toMatchObject({ state: "completed" });
  expect(await channelOf(name)).toEqual({ stable: canary, canary: null, weightPercent: 0 });
  await expectAllSucceeded(traffic.accepted);
  expect(await expectUsageAgrees(name, traffic.accepted.length)).toBe(0);
});

test("registry and host killed and Redis emptied while a faulty version is judged and taken back: it is, and no run is lost", {
  timeout: 2 * ENDS_MS,
}, async () => {
  const name = "faulty-and-interrupted";
  const steps = ["weight: 50, minSamples: 5, deadline: 10m", "weight: 100, deadline: 10m"];
  const { stable, canary } = await openChannel(name, steps, codeOf("new", { faulty: true }));
  const traffic = createTraffic(name);
  const { number } = await system.operator.rollouts.start.mutate({ templateName: name, channel: CHANNEL, semver: canary });
  await traffic.wave(60);
  const sentBack = async () => (await movesOf(name)).length;
  await system.until("the first failure", async () => (await sentBack()) > 0);
  await system.killAgent();
  await system.flushRedis();
  await system.startAgent();
  // Killed wherever it stands: judging, taking back, or moving what waits.
  await traffic.until("the verdict is near", async () => (await sentBack()) > 2 || (await rolloutOf(number)).endedAt !== null);
  await system.killBff();
  await system.flushRedis();
  await system.startBff();
  await traffic.until("the rollout is over", async () => (await rolloutOf(number)).endedAt !== null);
  await system.killBff();
  await system.startBff();
  expect(await rolloutOf(number)).toMatchObject({ state: "rolled_back", stateReason: "breached:failed", queuedOnCanary: 0 });
  expect(await channelOf(name)).toEqual({ stable, canary: null, weightPercent: 0 });
  await traffic.wave();
  await expectTakenBack(name, stable, traffic.accepted);
});

test("after all of this, every run that was accepted has ended exactly once", { timeout: ENDS_MS }, async () => {
  await system.expectEveryRunEndedOnce();
});
