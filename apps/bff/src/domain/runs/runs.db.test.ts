import { randomUUID } from "node:crypto";
import type { Lease } from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { resultOf } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { systemActor } from "../actor.ts";

const seeder = (tenantId: string) => ({ ...systemActor("test"), tenantId });
const loop = systemActor("lease-expiry");

async function rowOf(registry: TestRegistry, runId: string) {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{
      state: string;
      attempt: number;
      fence: number;
      reason: string | null;
      error: { kind: string } | null;
      notBefore: Date;
      output: string | null;
    }>(
      `select state, attempt, fence, state_reason as reason, error, not_before as "notBefore", output_inline as output from runs where id = $1`,
      [runId],
    ),
  );
  if (!rows[0]) throw new Error("no such run");
  return rows[0];
}

async function eventsOf(registry: TestRegistry, runId: string): Promise<string[]> {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ kind: string; attempt: number }>("select kind, attempt from run_events where run_id = $1 order by id", [runId]),
  );
  return rows.map(({ kind, attempt }) => `${kind} ${attempt}`);
}

async function one(leases: Promise<Lease[]>): Promise<Lease> {
  const [lease] = await leases;
  if (!lease) throw new Error("nothing was leased");
  return lease;
}

test("two leasers at the same time never get the same run", async () => {
  await using registry = await openTestRegistry();
  const hosts = await Promise.all(["a", "b", "c", "d"].map((name) => registry.readyHost({ name })));
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 400 });
  const leases = (
    await Promise.all(hosts.flatMap((host) => Array.from({ length: 10 }, () => registry.runs.lease(host, { max: 13 }))))
  ).flat();
  const rest = (await Promise.all(hosts.map((host) => registry.runs.lease(host, { max: 400 })))).flat();
  const ids = [...leases, ...rest].map(({ runId }) => runId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(400);
});

test("a run is ended by the holder of its fence and by nobody else, and is counted once", async () => {
  await using registry = await openTestRegistry();
  const [old, next] = [await registry.readyHost({ name: "old" }), await registry.readyHost({ name: "next" })];
  const [runId = ""] = await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1 });
  const first = await one(registry.runs.lease(old, { max: 1 }));
  await registry.runs.started(old, [{ ...first, at: 0, handOutMs: 1, warm: true }]);
  registry.clock.advance(10_001);
  expect(await registry.runs.expire(loop)).toBe(1);
  expect(await registry.runs.finish(old, [resultOf(first)])).toMatchObject([{ accepted: false, reason: "lease-lost" }]);
  registry.clock.advance(1_000);
  const second = await one(registry.runs.lease(next, { max: 1 }));
  expect([second.runId, second.attempt, second.fence]).toEqual([runId, 2, 2]);
  // The old holder, and the new holder with the old fence, and a stranger with the right fence.
  expect(await registry.runs.finish(old, [resultOf(first)])).toMatchObject([{ accepted: false, reason: "lease-lost" }]);
  expect(await registry.runs.finish(next, [resultOf(first)])).toMatchObject([{ accepted: false }]);
  expect(await registry.runs.finish(old, [resultOf(second)])).toMatchObject([{ accepted: false }]);
  expect(await registry.runs.finish(next, [resultOf(second)])).toMatchObject([{ accepted: true, reason: null }]);
  // Said again because the ack was lost: accepted, and not counted again.
  expect(await registry.runs.finish(next, [resultOf(second), resultOf(second, { outcome: "failed" })])).toMatchObject([
    { accepted: true },
    { accepted: true },
  ]);
  expect(await registry.runs.finish(old, [resultOf(first)])).toMatchObject([{ accepted: false, reason: "already-ended" }]);
  expect(await registry.states()).toEqual({ succeeded: 1 });
  expect(await eventsOf(registry, runId)).toEqual(["queued 1", "leased 1", "started 1", "retried 2", "leased 2", "finished 2"]);
});

test("a lease that ends is tried again after a backoff, then the run is dead with its reason", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const [runId = ""] = await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1, maxAttempts: 2 });
  await one(registry.runs.lease(host, { max: 1 }));
  registry.clock.advance(9_999);
  expect(await registry.runs.expire(loop)).toBe(0);
  registry.clock.advance(2);
  expect(await registry.runs.expire(loop)).toBe(1);
  expect(await rowOf(registry, runId)).toMatchObject({ state: "queued", attempt: 2, reason: "lease-expired" });
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);
  registry.clock.advance(500);
  await one(registry.runs.lease(host, { max: 1 }));
  registry.clock.advance(10_001);
  expect(await registry.runs.expire(loop)).toBe(1);
  expect(await rowOf(registry, runId)).toMatchObject({
    state: "dead",
    attempt: 2,
    reason: "lease-expired",
    error: { kind: "sandbox-lost" },
  });
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);
});

test("a heartbeat keeps a lease, and only for its holder", async () => {
  await using registry = await openTestRegistry();
  const [holder, other] = [await registry.readyHost({ name: "holder" }), await registry.readyHost({ name: "other" })];
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1 });
  const lease = await one(registry.runs.lease(holder, { max: 1 }));
  for (let beats = 0; beats < 5; beats += 1) {
    registry.clock.advance(6_000);
    expect(await registry.runs.extend(holder, [lease])).toEqual([]);
  }
  expect(await registry.runs.extend(other, [lease])).toMatchObject([{ runId: lease.runId, reason: "lease-lost" }]);
  expect(await registry.runs.expire(loop)).toBe(0);
  registry.clock.advance(10_001);
  expect(await registry.runs.expire(loop)).toBe(1);
  expect(await registry.runs.extend(holder, [lease])).toMatchObject([{ reason: "lease-lost" }]);
});

test("cancelling ends a queued run at once, asks the host of a leased one, and leaves a finished one as it is", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const editor = acme.as("editor");
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(acme.id), { count: 4 });
  const leases = await registry.runs.lease(host, { max: 3 });
  const [asked, running, lost] = leases as [Lease, Lease, Lease];
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ id: string }>("select id from runs where state = 'queued'"),
  );
  const queued = rows[0]?.id ?? "";

  expect(await registry.runs.cancel(editor, { runId: queued })).toEqual({ state: "cancelled" });
  expect(await registry.runs.cancel(editor, { runId: queued })).toEqual({ state: "cancelled" });
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);

  expect(await registry.runs.cancel(editor, { runId: asked.runId })).toEqual({ state: "leased" });
  expect(await registry.runs.cancellations(host)).toMatchObject([{ runId: asked.runId, fence: asked.fence, reason: "requested" }]);
  expect(await registry.runs.extend(host, leases)).toMatchObject([{ runId: asked.runId, reason: "requested" }]);
  await registry.runs.finish(host, [resultOf(asked, { outcome: "cancelled", output: null })]);
  expect(await rowOf(registry, asked.runId)).toMatchObject({ state: "cancelled" });

  // It ended before the wish reached it: its end counts.
  await registry.runs.started(host, [{ ...running, at: 0, handOutMs: 1, warm: true }]);
  expect(await registry.runs.cancel(editor, { runId: running.runId })).toEqual({ state: "running" });
  await registry.runs.finish(host, [resultOf(running)]);
  expect(await registry.runs.cancel(editor, { runId: running.runId })).toEqual({ state: "succeeded" });

  // Its host was lost after the wish: it is not tried again.
  await registry.runs.cancel(editor, { runId: lost.runId });
  registry.clock.advance(10_001);
  await registry.runs.expire(loop);
  expect(await rowOf(registry, lost.runId)).toMatchObject({ state: "cancelled", attempt: 1 });

  await expect(registry.runs.cancel(globex.as("editor"), { runId: queued })).rejects.toMatchObject({ code: "runs.missing" });
  await expect(registry.runs.cancel(acme.as("reviewer"), { runId: queued })).rejects.toMatchObject({ code: "access.denied" });
  expect(await registry.states()).toEqual({ cancelled: 3, succeeded: 1 });
});

test("a host that cancels on its own account, or loses the sandbox, has lost the run: it is tried again", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 3, maxAttempts: 2 });
  const [stopped, lost, threw] = (await registry.runs.lease(host, { max: 3 })) as [Lease, Lease, Lease];
  const acks = await registry.runs.finish(host, [
    resultOf(stopped, { outcome: "cancelled", output: null }),
    resultOf(lost, { outcome: "failed", output: null, error: { kind: "sandbox-lost", message: "killed", stack: [] } }),
    resultOf(threw, { outcome: "failed", output: null, error: { kind: "exception", message: "nul \u0000 and \ud800 alone", stack: [] } }),
  ]);
  expect(acks.map(({ accepted }) => accepted)).toEqual([true, true, true]);
  expect(await rowOf(registry, stopped.runId)).toMatchObject({ state: "queued", attempt: 2 });
  expect(await rowOf(registry, lost.runId)).toMatchObject({ state: "queued", attempt: 2 });
  expect(await rowOf(registry, threw.runId)).toMatchObject({
    state: "failed",
    attempt: 1,
    error: { kind: "exception", message: "nul \uFFFD and \uFFFD alone" },
  });
});

test("a run given back unrun keeps its attempt and rests before it is leased again", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1, maxAttempts: 1 });
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  await registry.runs.refuse(host, [{ ...lease, reason: "full" }]);
  expect(await registry.runs.lease(host, { max: 1 })).toEqual([]);
  registry.clock.advance(1_000);
  const again = await one(registry.runs.lease(host, { max: 1 }));
  expect([again.attempt, again.fence]).toEqual([1, 2]);
  // Same host, same attempt: only the fence tells the old lease from the new one.
  expect(await registry.runs.extend(host, [lease])).toMatchObject([{ reason: "lease-lost" }]);
  expect(await registry.runs.finish(host, [resultOf(lease)])).toMatchObject([{ accepted: false }]);
});

test("after a reconnect a host keeps what it names, gives back what never reached it, and a restarted host keeps nothing", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 2 });
  const [held, unseen] = (await registry.runs.lease(host, { max: 2 })) as [Lease, Lease];
  await registry.runs.started(host, [{ ...held, at: 0, handOutMs: 1, warm: true }]);
  expect(await registry.runs.reconnect(host, { newEpoch: false, holding: [held] })).toEqual([]);
  expect(await rowOf(registry, held.runId)).toMatchObject({ state: "running", attempt: 1 });
  expect(await rowOf(registry, unseen.runId)).toMatchObject({ state: "queued", attempt: 1, reason: "undelivered" });
  expect(await registry.runs.reconnect(host, { newEpoch: true, holding: [held] })).toMatchObject([{ reason: "lease-lost" }]);
  expect(await rowOf(registry, held.runId)).toMatchObject({ state: "queued", attempt: 2, reason: "host-restarted" });
});

test("a tenant with a thousand runs in the queue does not make another wait", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(acme.id), { count: 1_000 });
  // Time has passed in the queue when the second tenant comes.
  await registry.runs.finish(
    host,
    (await registry.runs.lease(host, { max: 100 })).map((lease) => resultOf(lease)),
  );
  await registry.runs.submitBatch(seeder(globex.id), { count: 20 });
  const next = await registry.runs.lease(host, { max: 42 });
  const ofGlobex = next.filter(({ tenantId }) => tenantId === globex.id).length;
  expect(ofGlobex).toBe(20);
  // And who was away for long has saved nothing up: both are served by turns, not globex first.
  await registry.runs.finish(
    host,
    next.map((lease) => resultOf(lease)),
  );
  await registry.runs.submitBatch(seeder(globex.id), { count: 100 });
  const turns = await registry.runs.lease(host, { max: 40 });
  const share = turns.filter(({ tenantId }) => tenantId === globex.id).length;
  expect(share).toBeGreaterThanOrEqual(18);
  expect(share).toBeLessThanOrEqual(22);
});

test("a host is given only runs of tenants it serves, with capabilities it has, while it is ready", async () => {
  await using registry = await openTestRegistry();
  const { acme, globex } = registry.kernel;
  const own = await registry.readyHost({ name: "own", tenantId: globex.id });
  await registry.runs.submitBatch(seeder(acme.id), { count: 5 });
  expect(await registry.runs.lease(own, { max: 5 })).toEqual([]);
  await registry.runs.submitBatch(seeder(globex.id), { count: 1 });
  expect(await registry.runs.lease(own, { max: 5 })).toHaveLength(1);
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update runs set capabilities = '{ocr}' where tenant_id = $1", [acme.id]));
  const [plain, reader] = [
    await registry.readyHost({ name: "plain" }),
    await registry.readyHost({ name: "reader", capabilities: ["ocr", "fr"] }),
  ];
  expect(await registry.runs.lease(plain, { max: 5 })).toEqual([]);
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update hosts set state = 'cordoned' where id = $1", [reader.id]));
  expect(await registry.runs.lease(reader, { max: 5 })).toEqual([]);
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update hosts set state = 'ready' where id = $1", [reader.id]));
  expect(await registry.runs.lease(reader, { max: 5 })).toHaveLength(5);
});

test("log entries are kept once, only for the holder, and not without end", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1 });
  const { runId, attempt, fence } = await one(registry.runs.lease(host, { max: 1 }));
  const entry = (seq: number, text: string) => ({
    runId,
    attempt,
    fence,
    seq,
    at: registry.clock.now().getTime(),
    stream: "log" as const,
    text,
  });
  await registry.runs.appendLogs(host, [entry(0, "a"), entry(1, "nul \u0000")]);
  await registry.runs.appendLogs(host, [entry(1, "again"), entry(2, "b")]);
  await registry.runs.appendLogs(host, [{ ...entry(3, "old fence"), fence: fence + 1 }]);
  const texts = async () => {
    const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
      tx.query<{ text: string }>("select text from run_logs order by seq"),
    );
    return rows.map(({ text }) => text);
  };
  expect(await texts()).toEqual(["a", "nul \uFFFD", "b"]);
  // A no-op may log 64 KiB; a host that ignores its limit is cut off at four times that.
  for (let frame = 0; frame < 10; frame += 1) {
    await registry.runs.appendLogs(
      host,
      Array.from({ length: 8 }, (_, i) => entry(10 + frame * 8 + i, "x".repeat(8_000))),
    );
  }
  const kept = await texts();
  expect(kept.length).toBeLessThan(40);
  expect(kept.at(-1)).toContain("The log is full");
});

test("old log entries are forgotten in batches, young ones stay", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 1 });
  const lease = await one(registry.runs.lease(host, { max: 1 }));
  const entry = (seq: number) => ({ ...lease, seq, at: registry.clock.now().getTime(), stream: "log" as const, text: String(seq) });
  await registry.runs.appendLogs(host, [entry(0), entry(1)]);
  registry.clock.advance(30 * 24 * 60 * 60_000 + 1);
  await registry.runs.extend(host, [lease]);
  await registry.runs.appendLogs(host, [entry(2)]);
  expect(await registry.runs.forgetLogs(systemActor("log-retention"))).toBe(2);
  expect(await registry.runs.forgetLogs(systemActor("log-retention"))).toBe(0);
});

test("events are forgotten a year after their run's end, in batches; those of a run that goes on stay", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  const [ended, going] = await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 2 });
  await registry.runs.cancel(registry.kernel.acme.as("editor"), { runId: ended ?? "" });
  await registry.runs.lease(host, { max: 1 });
  const year = 365 * 24 * 60 * 60_000;
  const forget = () => registry.runs.forgetLogs(systemActor("log-retention"));
  const { fastDatabase } = registry.kernel;
  const counts = async () => {
    const { rows } = await fastDatabase.asSystem((tx) =>
      tx.query<{ ended: number; going: number }>(
        "select count(*) filter (where run_id = $1)::int as ended, count(*) filter (where run_id = $2)::int as going from run_events",
        [ended, going],
      ),
    );
    return rows[0];
  };
  await fastDatabase.asSystem((tx) =>
    tx.query("insert into run_events (tenant_id, run_id, attempt, kind) select $1, $2, 1, 'retried' from generate_series(1, 5000)", [
      registry.kernel.acme.id,
      ended,
    ]),
  );
  registry.clock.advance(year - 60_000);
  expect([await forget(), await counts()]).toEqual([0, { ended: 5_002, going: 2 }]);
  registry.clock.advance(120_000);
  expect([await forget(), await forget(), await forget()]).toEqual([5_000, 2, 0]);
  expect(await counts()).toEqual({ ended: 0, going: 2 });
});

test("a blob is opened only under a lease that names it, and an output only by its own lease", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const [host, thief] = [await registry.readyHost(), await registry.readyHost({ name: "thief" })];
  const store = (text: string) => registry.blobs.put(acme.id, Buffer.from(text), { mediaType: "application/json", maxBytes: 1_000 });
  const [named, secret] = [await store("{}"), await store('{"secret":1}')];
  await registry.runs.submitBatch(seeder(acme.id), { count: 2 });
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update runs set driver = 'node'"));
  const [lease, other] = (await registry.runs.lease(host, { max: 2 })) as [Lease, Lease];
  expect(lease.manifestDigest).toBe(named.digest);
  const { stream } = await registry.runs.openBlob(host, lease, named.digest);
  expect((await stream.toArray()).join("")).toBe("{}");
  await expect(registry.runs.openBlob(host, lease, secret.digest)).rejects.toMatchObject({ code: "runs.blob-unnamed" });
  await expect(registry.runs.openBlob(thief, lease, named.digest)).rejects.toMatchObject({ code: "runs.lease-lost" });
  await expect(registry.runs.openBlob(host, { ...lease, fence: 9 }, named.digest)).rejects.toMatchObject({ code: "runs.lease-lost" });

  async function* body() {
    yield Buffer.from('{"large":true}');
  }
  const stored = await registry.runs.storeOutput(host, lease, body());
  await expect(registry.runs.storeOutput(thief, lease, body())).rejects.toMatchObject({ code: "runs.lease-lost" });
  await registry.runs.finish(host, [
    resultOf(lease, { output: stored }),
    resultOf(other, { output: { digest: secret.digest, sizeBytes: 12 } }),
  ]);
  expect(await rowOf(registry, lease.runId)).toMatchObject({ state: "succeeded" });
  expect(await rowOf(registry, other.runId)).toMatchObject({ state: "failed", error: { kind: "internal" } });
  await expect(registry.runs.openBlob(host, lease, named.digest)).rejects.toMatchObject({ code: "runs.lease-lost" });
});

test("what a host lost or was revoked with is taken back at once", async () => {
  await using registry = await openTestRegistry();
  const host = await registry.readyHost();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 3 });
  await registry.runs.lease(host, { max: 3 });
  expect(await registry.runs.takeBack(systemActor("outbox"), { hostId: host.id, reason: "host-lost" })).toBe(3);
  expect(await registry.runs.takeBack(systemActor("outbox"), { hostId: host.id, reason: "host-lost" })).toBe(0);
  expect(await registry.states()).toEqual({ queued: 3 });
  expect(await registry.runs.finish(host, [resultOf({ runId: randomUUID(), attempt: 1, fence: 1 })])).toMatchObject([
    { accepted: false, reason: "unknown-run" },
  ]);
});
