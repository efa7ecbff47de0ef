import { randomUUID } from "node:crypto";
import type { Lease } from "@agent-factory/protocol";
import pg from "pg";
import { expect, test } from "vitest";
import { eventually, resultOf } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { type HostActor, systemActor } from "../actor.ts";

const loop = systemActor("outbox");
const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };

const submit = (registry: TestRegistry, input: unknown = {}) =>
  registry.runs.submit(registry.kernel.acme.as("editor"), { templateName: "audit", input: JSON.stringify(input) });

async function leaseOne(registry: TestRegistry, host: HostActor): Promise<Lease> {
  const [lease] = await registry.runs.lease(host, { max: 1 });
  if (!lease) throw new Error("nothing was leased");
  return lease;
}

async function rowsOf(registry: TestRegistry) {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ id: string; state: string; reason: string | null; error: { kind: string; check?: string } | null }>(
      "select id, state, state_reason as reason, error from runs order by id",
    ),
  );
  return rows;
}

async function outboxOf(registry: TestRegistry, topic: string) {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ tenantId: string; key: string; payload: unknown }>(
      'select tenant_id as "tenantId", key, payload from outbox_events where topic = $1 order by id',
      [topic],
    ),
  );
  return rows;
}

test("submitted again under its id, at once or later, a run is answered and there is no second one, nor a second turn", async () => {
  await using registry = await openTestRegistry();
  await registry.readyHost();
  await registry.publish({ semver: "1.4.0" });
  const [runId, editor] = [randomUUID(), registry.kernel.acme.as("editor")];
  const again = () => registry.runs.submit(editor, { runId, templateName: "audit", input: "{}" });
  const answer = { runId, semver: "1.4.0", cohort: null };
  expect(await Promise.all(Array.from({ length: 8 }, again))).toEqual(Array.from({ length: 8 }, () => answer));
  // What it was submitted to has changed since.
  await registry.publish({ semver: "2.0.0" });
  expect(await again()).toEqual(answer);
  expect(await rowsOf(registry)).toMatchObject([{ id: runId, state: "queued" }]);
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ ahead: number }>("select virtual_time * weight as ahead from tenant_queues where tenant_id = $1", [editor.tenantId]),
  );
  expect(rows).toEqual([{ ahead: 1 }]);
  // An id of another tenant's run is nobody else's.
  const stranger = registry.kernel.globex.as("editor");
  await expect(registry.runs.submit(stranger, { runId, templateName: "audit", input: "{}" })).rejects.toThrow();
});

test("a run of a version is pinned when it is submitted: its lease names the bundle that must vouch for it, a try's names none", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const host = await registry.readyHost();
  const version = await registry.publish({ semver: "1.4.0", manifest: { spec: { input: schema } }, maxAttempts: 2 });
  const { runId, semver } = await submit(registry, { n: 1 });
  expect(semver).toBe("1.4.0");
  registry.tryable = { ...version, draftId: version.versionId, revision: 1 };
  const tried = await registry.runs.try(acme.as("editor"), { draftId: version.versionId, expectedRevision: 1, input: '{"n":1}' });

  // Whoever waits at the screen comes first.
  const first = await leaseOne(registry, host);
  expect(first).toMatchObject({ runId: tried.runId, kind: "try", signed: null });
  const lease = await leaseOne(registry, host);
  expect(lease).toMatchObject({
    runId,
    kind: "run",
    templateName: "audit",
    manifestDigest: version.manifestDigest,
    code: version.code,
    signed: { subjectName: version.subjectName, semver: "1.4.0", bundleDigest: version.bundleDigest },
  });
  expect(lease.limits).toMatchObject({ timeoutMs: 5_000, memoryBytes: 64 << 20, cpuMillis: 500 });
  const lost = { outcome: "failed" as const, output: null, error: { kind: "sandbox-lost" as const, message: "x", stack: [] } };
  await registry.runs.finish(host, [resultOf(lease, lost)]);
  registry.clock.advance(1_000);
  await registry.runs.finish(host, [resultOf(await leaseOne(registry, host), lost)]);
  // As many attempts as the manifest grants.
  expect((await rowsOf(registry)).find(({ id }) => id === runId)?.state).toBe("dead");
});

test("an input that breaks the version's schema, and a tenant without a ready host, submit nothing", async () => {
  await using registry = await openTestRegistry();
  await registry.publish({ manifest: { spec: { input: schema } } });
  await expect(submit(registry, { n: "one" })).rejects.toMatchObject({ code: "runs.input-invalid" });
  await expect(submit(registry, { n: 1 })).rejects.toMatchObject({ code: "runs.no-host-ready" });
  const { acme } = registry.kernel;
  await expect(registry.runs.submit(acme.as("reviewer"), { templateName: "audit", input: "{}" })).rejects.toMatchObject({
    code: "access.denied",
  });
  expect(await registry.states()).toEqual({});
});

test("after a revocation queued runs end at once, those under way through their host, and nothing of the version is leased", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const version = await registry.publish();
  for (let n = 0; n < 4; n += 1) await submit(registry);
  const [running, lost] = (await registry.runs.lease(host, { max: 2 })) as [Lease, Lease];
  await registry.runs.started(host, [{ ...running, at: 0, handOutMs: 1, warm: true }]);
  const other = await registry.publish({ semver: "2.0.0", manifest: { spec: { input: {}, other: true } } });
  await submit(registry);
  expect(await registry.runs.cancelOfVersion(loop, version)).toBe(0);

  await registry.revoke(version.versionId);
  // Before anybody is told: what is queued is not given to anyone.
  const [ofOther, ...more] = await registry.runs.lease(host, { max: 10 });
  expect([ofOther?.signed?.semver, more]).toEqual([other.semver, []]);
  expect(await registry.runs.cancelOfVersion(loop, version)).toBe(4);
  expect(await registry.runs.cancelOfVersion(loop, version)).toBe(0);
  expect(await registry.states()).toEqual({ cancelled: 2, running: 1, leased: 2 });

  expect(await registry.runs.cancellations(host)).toMatchObject([
    { runId: running.runId, reason: "revoked" },
    { runId: lost.runId, reason: "revoked" },
  ]);
  expect(await registry.runs.extend(host, [running])).toMatchObject([{ runId: running.runId, reason: "revoked" }]);
  await registry.runs.finish(host, [resultOf(running, { outcome: "cancelled", output: null })]);
  registry.clock.advance(10_001);
  await registry.runs.expire(loop);
  const ended = (await rowsOf(registry)).filter(({ id }) => id !== ofOther?.runId);
  expect(ended.map(({ state, reason }) => [state, reason])).toEqual(Array.from({ length: 4 }, () => ["cancelled", "version-revoked"]));
});

test("another version with the revoked content runs no more either, as hosts refuse what it says", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const first = await registry.publish({ semver: "1.0.0" });
  await registry.publish({ semver: "1.2.0" });
  await submit(registry);
  await registry.revoke(first.versionId);
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);
  await expect(submit(registry)).rejects.toMatchObject({ code: "templates.version-revoked" });
  expect(await registry.runs.cancelOfVersion(loop, first)).toBe(1);
});

test("a submit that races with a revocation is refused, or is there to be cancelled", async () => {
  await using registry = await openTestRegistry();
  await registry.readyHost();
  const { fastDatabase, acme } = registry.kernel;
  const version = await registry.publish();
  const waiting = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const revoking = fastDatabase.inTenant(acme.id, async (tx) => {
    await tx.query("update template_versions set state = 'revoked' where id = $1", [version.versionId]);
    waiting.resolve();
    await commit.promise;
  });
  await waiting.promise;
  const late = submit(registry);
  late.catch(() => undefined);
  // It found the version published; now it waits for the revocation's end inside its own transaction.
  await eventually("it waits", async () => {
    const { rows } = await fastDatabase.asSystem((tx) =>
      tx.query("select from pg_locks join pg_stat_activity a using (pid) where not granted and a.datname = current_database()"),
    );
    return rows.length > 0;
  });
  commit.resolve();
  await revoking;
  await expect(late).rejects.toMatchObject({ code: "templates.version-revoked", details: { templateName: "audit", semver: "1.0.0" } });
  expect(await registry.states()).toEqual({});

  // And all at once, many times: whatever was accepted is found by the revocation.
  for (let round = 0; round < 5; round += 1) {
    const next = await registry.publish({ semver: `2.${round}.0`, manifest: { spec: { input: {}, round } } });
    const all = await Promise.allSettled([
      ...Array.from({ length: 6 }, () => submit(registry)),
      registry.revoke(next.versionId).then(() => registry.runs.cancelOfVersion(loop, next)),
      ...Array.from({ length: 6 }, () => submit(registry)),
    ]);
    for (const one of all) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "templates.version-revoked" });
    expect((await registry.states())["queued"] ?? 0).toBe(0);
  }
});

test("a host's refusal ends the run with what did not hold, is told once to those who care, and is not tried again", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost({ name: "rack-7" });
  const { acme } = registry.kernel;
  await registry.publish({ semver: "1.4.0" });
  const { runId } = await submit(registry);
  const lease = await leaseOne(registry, host);
  const refusal = resultOf(lease, {
    outcome: "failed",
    output: null,
    error: { kind: "integrity", check: "inclusion", message: "The log does not hold the signature.", stack: [] },
  });
  expect(await registry.runs.finish(host, [refusal, refusal])).toMatchObject([{ accepted: true }, { accepted: true }]);
  expect(await registry.runs.finish(host, [refusal])).toMatchObject([{ accepted: true }]);
  registry.clock.advance(61_000);
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);
  expect(await rowsOf(registry)).toMatchObject([{ id: runId, state: "failed", error: { kind: "integrity", check: "inclusion" } }]);
  expect(await outboxOf(registry, "run.refused")).toEqual([
    {
      tenantId: acme.id,
      key: runId,
      payload: { runId, templateName: "audit", semver: "1.4.0", check: "inclusion", hostId: host.id, hostName: "rack-7" },
    },
  ]);
});

test("a host that heard of the revocation first ends the run as revoked, and nobody is alarmed", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const version = await registry.publish();
  await submit(registry);
  const lease = await leaseOne(registry, host);
  await registry.revoke(version.versionId);
  await registry.runs.cancelOfVersion(loop, version);
  const error = { kind: "integrity" as const, check: "not-revoked", message: "revoked", stack: [] };
  await registry.runs.finish(host, [resultOf(lease, { outcome: "failed", output: null, error })]);
  expect(await rowsOf(registry)).toMatchObject([{ state: "cancelled", reason: "version-revoked", error: null }]);
  expect(await outboxOf(registry, "run.refused")).toEqual([]);
});

test("a tenant's submission does not wait for the commit of another, and each has its turn", async () => {
  await using registry = await openTestRegistry();
  const { acme, db } = registry.kernel;
  await registry.publish();
  await registry.readyHost();
  const owner = new pg.Client({ connectionString: db.ownerUrl });
  await owner.connect();
  try {
    // The first is held after its run is in the queue and before it commits: what it did is to be audited.
    await owner.query("begin; lock table audit_entries in share mode");
    const first = submit(registry);
    await eventually("the first waits for its audit entry", async () => {
      const { rows } = await owner.query("select from pg_locks where relation = 'audit_entries'::regclass and not granted");
      return rows.length > 0;
    });
    await registry.runs.submitBatch({ ...systemActor("test"), tenantId: acme.id }, { count: 2 });
    expect((await rowsOf(registry)).length).toBe(2);
    await owner.query("commit");
    await first;
    const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
      tx.query<{ driver: string; at: number }>("select driver, virtual_start as at from runs order by virtual_start"),
    );
    expect(rows.map(({ driver, at }) => [driver, at])).toEqual([
      ["node", 0],
      ["noop", 1],
      ["noop", 2],
    ]);
  } finally {
    await owner.end();
  }
});

test("a tenant whose submissions were refused is not behind others for it", async () => {
  await using registry = await openTestRegistry();
  const { acme, fastDatabase } = registry.kernel;
  await registry.publish();
  await registry.readyHost();
  const hold = { tenantId: acme.id, templateId: null, source: "test", reason: "nothing runs today" };
  await fastDatabase.asSystem((tx) => registry.quotas.hold(tx, hold));
  for (let refused = 0; refused < 3; refused += 1) await expect(submit(registry)).rejects.toMatchObject({ code: "quotas.held" });
  await fastDatabase.asSystem((tx) => registry.quotas.releaseOf(tx, systemActor("test"), hold));
  await submit(registry);
  const { rows } = await fastDatabase.asSystem((tx) => tx.query<{ at: number }>("select virtual_start as at from runs"));
  expect(rows).toEqual([{ at: 0 }]);
});
