/**
 * A model of the ledger against the ledger: hosts lease, lose, report, repeat themselves and die in any order; people cancel and revoke
 * versions; time passes. Whatever happens, a run is in one place, and in the end it has ended exactly once.
 */
import type { Hold, Lease } from "@agent-factory/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resultOf } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { type HostActor, systemActor } from "../actor.ts";

type Step =
  | { readonly do: "submit"; readonly count: number; readonly maxAttempts: number }
  | { readonly do: "lease"; readonly host: number; readonly max: number }
  | { readonly do: "start" | "refuse" | "extend" | "succeed" | "fail" | "lose" | "stop"; readonly host: number; readonly pick: number }
  | { readonly do: "cancel"; readonly pick: number }
  | { readonly do: "submit-version" | "revoke" }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "expire" }
  | { readonly do: "reconnect" | "restart" | "take-back"; readonly host: number };

const host = fc.integer({ min: 0, max: 1 });
const pick = fc.nat({ max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      count: fc.integer({ min: 1, max: 4 }),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("lease" as const), host, max: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "start" as const,
        "refuse" as const,
        "extend" as const,
        "succeed" as const,
        "fail" as const,
        "lose" as const,
        "stop" as const,
      ),
      host,
      pick,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick }) },
  { weight: 4, arbitrary: fc.constant({ do: "submit-version" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "revoke" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(300, 1_000, 6_000, 11_000) }) },
  { weight: 2, arbitrary: fc.constant({ do: "expire" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("reconnect" as const, "restart" as const, "take-back" as const), host }) },
);

type World = {
  readonly registry: TestRegistry;
  readonly hosts: readonly HostActor[];
  /** Every lease ever given, by host: also those that were lost, so that hosts say old things too. */
  readonly given: Lease[][];
  readonly runIds: string[];
};

async function take(world: World, now: Step): Promise<void> {
  const { registry, hosts, given, runIds } = world;
  const { runs, kernel } = registry;
  const loop = systemActor("lease-expiry");
  const lossOf = (lease: Lease) =>
    resultOf(lease, { outcome: "failed", output: null, error: { kind: "sandbox-lost", message: "x", stack: [] } });
  switch (now.do) {
    case "submit":
      runIds.push(...(await runs.submitBatch({ ...systemActor("test"), tenantId: kernel.acme.id }, now)));
      return;
    case "wait":
      registry.clock.advance(now.ms);
      return;
    case "expire":
      await runs.expire(loop);
      return;
    case "submit-version":
      runIds.push((await runs.submit(kernel.acme.as("editor"), { templateName: "audit", input: "{}" })).runId);
      return;
    case "revoke": {
      const { versionId = "" } = registry.runnable ?? {};
      await registry.revoke(versionId);
      await runs.cancelOfVersion(loop, { versionId });
      await check(world);
      await publishNext(registry);
      return;
    }
    case "cancel": {
      const runId = runIds[now.pick % Math.max(1, runIds.length)];
      if (runId !== undefined) await runs.cancel(kernel.acme.as("editor"), { runId });
      return;
    }
  }
  const actor = hosts[now.host] as HostActor;
  const leases = given[now.host] as Lease[];
  if (now.do === "lease") {
    leases.push(...(await runs.lease(actor, { max: now.max })));
  } else if (now.do === "reconnect") {
    await runs.reconnect(actor, { newEpoch: false, holding: leases.filter((_, index) => index % 2 === 0) });
  } else if (now.do === "restart") {
    await runs.reconnect(actor, { newEpoch: true, holding: [] });
  } else if (now.do === "take-back") {
    await runs.takeBack(loop, { hostId: actor.id, reason: "host-lost" });
  } else if ("pick" in now) {
    const lease = leases[now.pick % Math.max(1, leases.length)];
    if (!lease) return;
    const hold: Hold = { runId: lease.runId, attempt: lease.attempt, fence: lease.fence };
    if (now.do === "start") await runs.started(actor, [{ ...hold, at: 0, handOutMs: 1, warm: true }]);
    else if (now.do === "refuse") await runs.refuse(actor, [{ ...hold, reason: "full" }]);
    else if (now.do === "extend") await runs.extend(actor, [hold]);
    else if (now.do === "succeed") await runs.finish(actor, [resultOf(lease)]);
    else if (now.do === "fail")
      await runs.finish(actor, [
        resultOf(lease, { outcome: "failed", output: null, error: { kind: "exception", message: "x", stack: [] } }),
      ]);
    else if (now.do === "lose") await runs.finish(actor, [lossOf(lease)]);
    else await runs.finish(actor, [resultOf(lease, { outcome: "cancelled", output: null })]);
  }
}

/** Another version, with content that was never revoked. */
let published = 0;
async function publishNext(registry: TestRegistry): Promise<void> {
  published += 1;
  await registry.publish({ semver: `1.${published}.0`, manifest: { spec: { input: {}, published } }, maxAttempts: 2 });
}

/** What must hold at any moment, whatever was done. */
async function check({ registry, runIds }: World): Promise<void> {
  const { rows: revoked } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query(
      `select r.id, r.state from runs r join template_versions v on v.id = r.version_id
        where v.state = 'revoked' and (r.state = 'queued' or (r.state in ('leased', 'running') and r.cancel_requested_at is null))`,
    ),
  );
  expect(revoked, "nothing of a revoked version waits, or runs without having been asked to end").toEqual([]);
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ id: string; state: string; attempt: number; most: number; held: boolean; finished: boolean; ends: number }>(
      `select r.id, r.state, r.attempt, r.max_attempts as most, r.host_id is not null and r.lease_expires_at is not null as held, r.finished_at is not null as finished,
         (select count(*)::int from run_events e where e.run_id = r.id and e.kind in ('finished', 'cancelled', 'dead')) as ends
       from runs r where r.id = any ($1::uuid[])`,
      [runIds],
    ),
  );
  expect(rows.length).toBe(runIds.length);
  for (const run of rows) {
    const over = ["succeeded", "failed", "cancelled", "dead"].includes(run.state);
    expect({ ...run, ends: run.ends }).toMatchObject({
      ends: over ? 1 : 0,
      finished: over,
      held: run.state === "leased" || run.state === "running",
    });
    expect(run.attempt).toBeLessThanOrEqual(run.most);
  }
}

/** Lets everything come to its end: healthy hosts, no more cancels. */
async function settle(world: World): Promise<void> {
  const { registry, hosts } = world;
  for (let rounds = 0; rounds < 200; rounds += 1) {
    registry.clock.advance(61_000);
    await registry.runs.expire(systemActor("lease-expiry"));
    const actor = hosts[rounds % 2] as HostActor;
    const leases = await registry.runs.lease(actor, { max: 64 });
    await registry.runs.finish(
      actor,
      leases.map((lease) => resultOf(lease)),
    );
    const states = await registry.states();
    if (!states["queued"] && !states["leased"] && !states["running"]) return;
  }
  throw new Error("the queue never emptied");
}

test("every submitted run ends exactly once, whatever hosts, people and time do", async () => {
  await using registry = await openTestRegistry();
  const hosts = [await registry.readyHost({ name: "one" }), await registry.readyHost({ name: "two" })];
  await publishNext(registry);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world: World = { registry, hosts, given: [[], []], runIds: [] };
      for (const now of steps) await take(world, now);
      await check(world);
      await settle(world);
      await check(world);
      const states = await registry.states();
      expect((states["queued"] ?? 0) + (states["leased"] ?? 0) + (states["running"] ?? 0)).toBe(0);
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
