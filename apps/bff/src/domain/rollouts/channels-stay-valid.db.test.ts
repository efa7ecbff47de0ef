/**
 * A model of channels against the registry: people start, pause, promote, open gates and abort; versions are revoked; runs are submitted, fail and
 * are lost; the controller ticks, and dies in the middle of it. Whatever happens: a channel never keeps a revoked stable version while an
 * earlier valid one exists, no gate is left that nobody opened, no run is lost, and a channel has one live rollout.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { Failure } from "../failure.ts";
import { createRollouts } from "./rollouts.ts";
import { loop, onProduction, openTestRollouts, type TestRollouts } from "./test-rollouts.ts";

type Step =
  | { readonly do: "submit"; readonly count: number }
  | { readonly do: "work"; readonly max: number; readonly failing: number }
  | { readonly do: "lose" | "tick" | "pause" | "resume" | "promote" | "abort" | "pass-gate" }
  | { readonly do: "crash"; readonly after: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "start"; readonly version: number }
  | { readonly do: "revoke"; readonly version: number };

const VERSIONS = 5;
const version = fc.nat({ max: VERSIONS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("submit" as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("work" as const), max: fc.integer({ min: 1, max: 8 }), failing: fc.constantFrom(0, 0.3, 1) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "tick" as const }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("crash" as const), after: fc.nat({ max: 25 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("start" as const), version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("revoke" as const), version }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 30_000, 61_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "lose" as const,
        "pause" as const,
        "resume" as const,
        "promote" as const,
        "promote" as const,
        "abort" as const,
        "pass-gate" as const,
      ),
    }),
  },
);

/** A registry whose transactions die at the statement that `left` counts down to. */
function dying(fastDatabase: FastDatabase, life: { left: number }): FastDatabase {
  const mortal = (tx: FastTransaction): FastTransaction => ({
    query: (sql, values) => {
      if (life.left <= 0) throw new Error("killed");
      life.left -= 1;
      return tx.query(sql, values);
    },
  });
  return {
    ...fastDatabase,
    inTenant: (tenantId, work, options) =>
      fastDatabase.inTenant(
        tenantId,
        async (tx) => {
          const result = await work(mortal(tx));
          // Killed after its last word and before the commit.
          if (life.left === 0) throw new Error("killed");
          return result;
        },
        options,
      ),
  };
}

type World = {
  readonly t: TestRollouts;
  readonly versions: readonly string[];
  readonly revoked: Set<string>;
  readonly submitted: string[];
  turn: number;
};

/** A refusal is an answer. */
async function orRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
  });
}

async function take(world: World, now: Step): Promise<void> {
  const { t, versions, revoked, submitted } = world;
  const { rollouts, runs, usage, clock, kernel, channels, redis } = t.registry;
  const operator = kernel.acme.as("operator");
  const [live] = await t.rows<{ number: number }>("select number from rollouts order by number desc limit 1");
  const number = live?.number ?? 1;
  switch (now.do) {
    case "submit":
      for (let n = 0; n < now.count; n += 1) {
        world.turn += 1;
        await orRefused(t.submit(`key-${world.turn}`).then(({ runId }) => submitted.push(runId)));
      }
      return;
    case "work": {
      let n = 0;
      const outcome = () => {
        n += 1;
        return (n * 0.37) % 1 < now.failing ? ("failed" as const) : ("succeeded" as const);
      };
      await t.work(outcome, now.max);
      return;
    }
    case "lose":
      await runs.lease(t.host, { max: 2 });
      clock.advance(11_000);
      await runs.expire(loop);
      return;
    case "tick":
      await usage.ingest(loop);
      await rollouts.tick(loop);
      return;
    case "crash": {
      const life = { left: now.after };
      const mortal = createRollouts({
        access: kernel.access,
        audit: kernel.audit,
        fastDatabase: dying(kernel.fastDatabase, life),
        channels,
        runs,
        counts: usage.counts,
        redis,
        clock,
      });
      await usage.ingest(loop);
      await mortal.tick(loop).catch((error: Error) => expect(error.message).toBe("killed"));
      return;
    }
    case "wait":
      clock.advance(now.ms);
      return;
    case "start":
      return orRefused(rollouts.start(operator, { ...onProduction, semver: `1.${now.version}.0` }));
    case "revoke": {
      const versionId = versions[now.version] ?? "";
      // One version is left alone, so that there is something to come back to.
      if (now.version === 0) return;
      revoked.add(versionId);
      return t.revoke(versionId);
    }
    case "pause":
      return orRefused(rollouts.pause(operator, { number, reason: "by hand" }));
    case "resume":
      return orRefused(rollouts.resume(operator, { number }));
    case "promote":
      return orRefused(rollouts.promote(operator, { number, reason: "by hand" }));
    case "abort":
      return orRefused(rollouts.abort(operator, { number, reason: "by hand" }));
    case "pass-gate":
      return orRefused(rollouts.passGate(operator, { number }));
  }
}

async function check({ t, revoked, submitted }: World): Promise<void> {
  const [channel] = await t.rows<{ stable: string | null; canary: string | null; rollout: string | null; live: string[] }>(
    `select stable_version_id as stable, canary_version_id as canary, rollout_id as rollout,
       array(select id from rollouts r where r.channel_id = c.id and r.ended_at is null) as live from channels c`,
  );
  if (!channel) throw new Error("the channel is gone");
  expect(channel.live).toEqual(channel.rollout === null ? [] : [channel.rollout]);
  expect(channel.canary === null || !revoked.has(channel.canary)).toBe(true);
  if (channel.stable !== null && revoked.has(channel.stable)) {
    const earlier = await t.rows<{ id: string }>(
      "select distinct stable_version_id as id from channel_moves where stable_version_id is not null",
    );
    expect(earlier.filter(({ id }) => !revoked.has(id) && id !== channel.canary)).toEqual([]);
  }
  const runs = await t.rows<{ id: string; state: string; versionId: string; asked: boolean }>(
    'select id, state, version_id as "versionId", cancel_requested_at is not null as asked from runs',
  );
  expect(runs.map(({ id }) => id).toSorted()).toEqual(submitted.toSorted());
  for (const { state, versionId, asked } of runs) {
    if (state === "queued" || ((state === "leased" || state === "running") && !asked)) expect(revoked.has(versionId)).toBe(false);
  }
  // A step with a gate is left by "step" or "completed" after somebody opened it there, and in no other way but the end.
  const events = await t.rows<{ rollout: string; kind: string; step: number }>(
    "select rollout_id as rollout, kind, step from rollout_events order by id",
  );
  const at = new Map<string, { step: number; open: boolean }>();
  for (const { rollout, kind, step: eventStep } of events) {
    const place = at.get(rollout) ?? { step: 0, open: false };
    if (kind === "gate-passed") at.set(rollout, { ...place, open: true });
    if (kind !== "step" && kind !== "completed") continue;
    const left = kind === "completed" ? [place.step, 2] : [place.step, eventStep];
    for (let passed = left[0] ?? 0; passed < (left[1] ?? 0); passed += 1)
      if (passed === 1) expect(place.open, `rollout ${rollout} left its gate`).toBe(true);
    at.set(rollout, { step: eventStep, open: false });
  }
}

test("whatever people, time, crashes and revocations do: valid versions, no skipped gate, no lost run, one live rollout", {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30, size: "max" }), async (steps) => {
      await using t = await openTestRollouts();
      const versions: string[] = [];
      for (let n = 0; n < VERSIONS; n += 1) versions.push(await t.version(`1.${n}.0`));
      await t.plan();
      const operator = t.registry.kernel.acme.as("operator");
      await t.registry.channels.create(operator, { templateName: "audit", name: "production", planName: "standard" });
      const world: World = { t, versions, revoked: new Set(), submitted: [], turn: 0 };
      await take(world, { do: "start", version: 0 });
      for (const now of steps) {
        await take(world, now);
        await check(world);
      }
      // And in the end every run has ended, once.
      for (let n = 0; n < 6; n += 1) {
        await t.registry.runs.expire(loop);
        await t.work(() => "succeeded");
        t.registry.clock.advance(61_000);
      }
      await t.registry.usage.ingest(loop);
      const ends = await t.rows<{ state: string; outcomes: number }>(
        `select state, (select count(*)::int from run_outcomes o where o.run_id = r.id and o.state = r.state::text and o.attempt = r.attempt) as outcomes from runs r`,
      );
      expect(ends).toHaveLength(world.submitted.length);
      for (const { state, outcomes } of ends)
        expect([["succeeded", "failed", "cancelled", "dead"].includes(state), outcomes]).toEqual([true, 1]);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
