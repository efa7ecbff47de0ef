import { randomUUID } from "node:crypto";
import { Agent, request } from "node:https";
import path from "node:path";
import {
  BATCHES_PER_FRAME_MAX,
  blobPath,
  CLOSE_MALFORMED,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_SHUTTING_DOWN,
  CLOSE_UNPROVEN,
  CLOSE_UNSUPPORTED,
  encodeFrame,
  FRAME_BYTES_MAX,
  INLINE_BYTES_MAX,
  LEASES_PER_FRAME_MAX,
  type Lease,
  outputPath,
} from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { openHostAuthority } from "../domain/fleet/host-authority.ts";
import { connect, createHostKey, eventually, helloOf, openLink, resultOf, type TestIdentity, type TestLink } from "./test-host.ts";
import { openTestRegistry, type TestRegistry } from "./test-registry.ts";

const seeder = (tenantId: string) => ({ ...systemActor("test"), tenantId });

function call(
  port: number,
  options: { method: string; path: string; caPem: string; identity?: TestIdentity; body?: string; agent?: Agent },
): Promise<{ status: number; text: string }> {
  const { identity, method, caPem, body } = options;
  return new Promise((resolve, reject) => {
    const credentials = identity ? { cert: identity.certificatePem, key: identity.keyPem } : {};
    const outgoing = request(
      { host: "localhost", port, method, path: options.path, ca: caPem, ...credentials, agent: options.agent ?? false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") }));
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const credit = (free: number, received: number) => ({
  t: "credit" as const,
  slots: [{ slotKind: "cpu" as const, free }],
  warm: [],
  received,
});

/** Receives work until `count` leases came. */
async function receive(link: TestLink, count: number): Promise<Lease[]> {
  const leases: Lease[] = [];
  while (leases.length < count) leases.push(...(await link.next("work")).leases);
  return leases;
}

async function connected(registry: TestRegistry, name = "machine") {
  const identity = await registry.enrolHost(name);
  const gateway = await registry.startGateway();
  const hello = helloOf(registry.clock.now());
  const link = await connect(gateway.port, identity, hello);
  return { identity, gateway, hello, link };
}

test("a host works over the whole link: hello, credit, work, started, log, result, ack", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const { link, identity } = await connected(registry);
  await registry.runs.submitBatch(seeder(acme.id), { count: 10 });
  link.send(credit(4, 0));
  const leases = await receive(link, 4);
  expect(leases).toHaveLength(4);
  // Not one more than it asked for, and the next ones when it can take them.
  expect(await registry.states()).toEqual({ leased: 4, queued: 6 });
  link.send({
    t: "started",
    runs: leases.map(({ runId, attempt, fence }) => ({ runId, attempt, fence, at: 0, handOutMs: 1, warm: true })),
  });
  const [first] = leases as [Lease];
  const { runId, attempt, fence } = first;
  link.send({ t: "log", entries: [{ runId, attempt, fence, seq: 0, at: Date.now(), stream: "log", text: "hello" }] });
  link.send({ t: "result", results: leases.map((lease) => resultOf(lease)) });
  expect((await link.next("ack")).results.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
  link.send(credit(16, 4));
  const rest = await receive(link, 6);
  link.send({ t: "result", results: rest.map((lease) => resultOf(lease)) });
  await link.next("ack");
  expect(await registry.states()).toEqual({ succeeded: 10 });
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ text: string; host: string }>("select text from run_logs where run_id = $1", [runId]),
  );
  expect(rows).toEqual([{ text: "hello" }]);
  const host = await registry.fleet.admit(identity.hostId);
  expect((await registry.fleet.standing(host)).state).toBe("ready");
});

test("a host that can take more than a frame holds gets it in several, and all its reports are acknowledged", async () => {
  await using registry = await openTestRegistry();
  const { link, hello } = await connected(registry);
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 3 * LEASES_PER_FRAME_MAX });
  // A frame that holds too many does not come at all: it is malformed for its reader.
  link.send(credit(2 * LEASES_PER_FRAME_MAX + 1, 0));
  expect(await receive(link, 2 * LEASES_PER_FRAME_MAX + 1)).toHaveLength(2 * LEASES_PER_FRAME_MAX + 1);
  expect(await registry.states()).toEqual({ leased: 2 * LEASES_PER_FRAME_MAX + 1, queued: LEASES_PER_FRAME_MAX - 1 });

  const figures = { ageMs: 0, spanMs: 10, slotMs: 10, busySlotMs: 0, batchesDropped: 0, lost: [] };
  const seqs = Array.from({ length: 2 * BATCHES_PER_FRAME_MAX + 1 }, (_, seq) => seq);
  for (const seq of seqs) link.send({ t: "metrics", epoch: hello.epoch, batches: [{ seq, ...figures }] });
  const acknowledged: number[] = [];
  while (acknowledged.length < seqs.length) acknowledged.push(...(await link.next("metrics-ack")).seqs);
  expect(acknowledged.toSorted((a, b) => a - b)).toEqual(seqs);
});

test("a host that asks for many runs with the largest inputs gets them all, and its link stays open", async () => {
  await using registry = await openTestRegistry();
  const { link } = await connected(registry);
  const count = 4 * LEASES_PER_FRAME_MAX;
  const input = JSON.stringify("x".repeat(INLINE_BYTES_MAX - 2));
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count });
  await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query("update runs set input_inline = to_jsonb($1::text), input_size_bytes = $2", [input, Buffer.byteLength(input)]),
  );
  link.send(credit(count, 0));
  const leases = await receive(link, count);
  expect(new Set(leases.map((lease) => JSON.stringify(lease.input)))).toEqual(new Set([JSON.stringify({ inline: input })]));
  expect(await registry.states()).toEqual({ leased: count });
  expect(link.socket.readyState).toBe(link.socket.OPEN);
});

test("credit that crossed leases on the wire is not given twice", async () => {
  await using registry = await openTestRegistry();
  const { link } = await connected(registry);
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 10 });
  link.send(credit(3, 0));
  await receive(link, 3);
  // Counted before those three arrived, and says so: nothing is left to give.
  link.send(credit(3, 0));
  link.send({ t: "heartbeat", clock: registry.clock.now().getTime(), holding: [], pool: [], load1: 0, memoryBytesFree: 1 });
  link.send(credit(1, 3));
  expect(await receive(link, 1)).toHaveLength(1);
  expect(await registry.states()).toEqual({ leased: 4, queued: 6 });
});

test("work that arrives later is offered by the doorbell, a cancel reaches the host, and the run ends cancelled", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const { link } = await connected(registry);
  link.send(credit(1, 0));
  await registry.runs.submitBatch(seeder(acme.id), { count: 1 });
  const [lease] = (await receive(link, 1)) as [Lease];
  expect(await registry.runs.cancel(acme.as("editor"), { runId: lease.runId })).toEqual({ state: "leased" });
  const { runs } = await link.next("cancel");
  expect(runs).toMatchObject([{ runId: lease.runId, reason: "requested" }]);
  link.send({ t: "result", results: [resultOf(lease, { outcome: "cancelled", output: null })] });
  await link.next("ack");
  expect(await registry.states()).toEqual({ cancelled: 1 });
});

test("only a live host with a certificate of ours opens a link", async () => {
  await using registry = await openTestRegistry();
  const gateway = await registry.startGateway();
  const identity = await registry.enrolHost();
  const { caPem } = identity;
  await expect(openLink(gateway.port, { caPem })).rejects.toThrow("gateway.no-certificate");
  const foreign = await openHostAuthority({
    stateDir: path.join(registry.dir, "foreign"),
    trustDomain: "factory.test",
    clock: registry.clock,
  });
  const key = await createHostKey();
  const { certificatePem } = await foreign.issueHostCertificate(identity.hostId, key.csrPem);
  await expect(openLink(gateway.port, { caPem, certificatePem, keyPem: key.keyPem })).rejects.toThrow("gateway.no-certificate");
  const unknown = await registry.authority.issueHostCertificate(randomUUID(), key.csrPem);
  await expect(openLink(gateway.port, { caPem, certificatePem: unknown.certificatePem, keyPem: key.keyPem })).rejects.toThrow(
    "fleet.host-missing",
  );
  const link = await connect(gateway.port, identity, helloOf(registry.clock.now()));
  // Revoked while it is connected: cut off now, and not let in again.
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update hosts set revoked_at = now() where id = $1", [identity.hostId]));
  link.send({ t: "heartbeat", clock: registry.clock.now().getTime(), holding: [], pool: [], load1: 0, memoryBytesFree: 1 });
  expect(await link.ended).toMatchObject({ code: CLOSE_REVOKED, reason: expect.stringContaining("fleet.host-revoked") });
  await expect(openLink(gateway.port, identity)).rejects.toThrow("fleet.host-revoked");
  expect((await call(gateway.port, { method: "GET", path: "/runs", caPem, identity })).text).toContain("fleet.host-revoked");
});

test("revoking a host cuts its connection at once and gives its runs to others", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const { link, identity } = await connected(registry);
  await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query("update hosts set tenant_id = $1 where id = $2", [acme.id, identity.hostId]),
  );
  await registry.runs.submitBatch(seeder(acme.id), { count: 1 });
  link.send(credit(1, 0));
  await receive(link, 1);
  await registry.fleet.revoke(acme.as("operator"), { hostId: identity.hostId });
  expect(await link.ended).toMatchObject({ code: CLOSE_REVOKED });
  const workers = await registry.startWorkers();
  await workers.turn();
  expect(await registry.states()).toEqual({ queued: 1 });
});

test("a certificate is renewed over the link, and the new one opens the next", async () => {
  await using registry = await openTestRegistry();
  const { link, identity, gateway } = await connected(registry);
  const { keyPem, csrPem } = await createHostKey();
  link.send({ t: "renew", csrPem });
  const { certificatePem, caPem } = await link.next("renewed");
  await link.close();
  const again = await connect(gateway.port, { ...identity, keyPem, certificatePem, caPem }, helloOf(registry.clock.now()));
  await again.close();
});

test("enrolment needs no certificate, says why it refuses, and is bounded in size and number", async () => {
  await using registry = await openTestRegistry();
  const gateway = await registry.startGateway();
  const { caPem } = registry.authority;
  const { token } = await registry.fleet.createJoinToken(registry.kernel.acme.as("operator"), {
    hostName: "m",
    labels: {},
    expiresInMinutes: 5,
  });
  const { csrPem } = await createHostKey();
  const post = (body: string) => call(gateway.port, { method: "POST", path: "/enrol", caPem, body });
  const body = JSON.stringify({ token, csrPem, clock: registry.clock.now().getTime() });
  expect((await post(body)).status).toBe(200);
  const second = await post(body);
  expect([second.status, JSON.parse(second.text)]).toMatchObject([409, { code: "fleet.join-token-used" }]);
  expect((await post("not json")).text).toContain("gateway.malformed");
  expect((await post(JSON.stringify({ token, csrPem: "x".repeat(40_000), clock: 0 }))).text).toContain("gateway.too-large");
  const answers = await Promise.all(Array.from({ length: 60 }, () => post("{}")));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
  registry.clock.advance(60_000);
  expect((await post("{}")).status).toBe(422);
});

test.each([
  ["not MessagePack", Buffer.from([0xc1, 0x00])],
  ["an unknown type", Buffer.from([0x81, 0xa1, 0x74, 0xa3, 0x66, 0x6f, 0x6f])],
  ["a frame too large", Buffer.concat([encodeFrame({ t: "drained" }), Buffer.alloc(FRAME_BYTES_MAX)])],
])("a malformed frame (%s) closes the connection with a reason and loses nothing that came before", async (_what, bytes) => {
  await using registry = await openTestRegistry();
  const { link } = await connected(registry);
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 3 });
  link.send(credit(3, 0));
  const leases = await receive(link, 3);
  for (const lease of leases) link.send({ t: "result", results: [resultOf(lease)] });
  link.sendBytes(bytes);
  const { code, reason } = await link.ended;
  expect([code, reason]).toEqual([CLOSE_MALFORMED, expect.stringContaining("protocol.malformed")]);
  const acknowledged: string[] = [];
  while (acknowledged.length < 3) acknowledged.push(...(await link.next("ack")).results.map(({ runId }) => runId));
  expect(acknowledged.toSorted()).toEqual(leases.map(({ runId }) => runId).toSorted());
  expect(await registry.states()).toEqual({ succeeded: 3 });
});

test("whoever speaks before hello, without proof, in an unknown version or twice is told so", async () => {
  await using registry = await openTestRegistry();
  const gateway = await registry.startGateway();
  const identity = await registry.enrolHost();
  const hello = helloOf(registry.clock.now());
  const early = await openLink(gateway.port, identity);
  early.send(credit(1, 0));
  expect(await early.ended).toMatchObject({ code: CLOSE_MALFORMED, reason: expect.stringContaining("protocol.no-hello") });
  const future = await openLink(gateway.port, identity);
  future.send({ ...hello, protocolMin: 7, protocolMax: 9 });
  expect(await future.ended).toMatchObject({ code: CLOSE_UNSUPPORTED });
  const unproven = await openLink(gateway.port, identity);
  unproven.send({ ...hello, proof: { ...hello.proof, properties: [] } });
  expect(await unproven.ended).toMatchObject({ code: CLOSE_UNPROVEN });
  const skewed = await openLink(gateway.port, identity);
  skewed.send({ ...hello, clock: hello.clock - 60 * 60_000 });
  expect((await skewed.ended).reason).toContain(registry.clock.now().toISOString());
  const first = await connect(gateway.port, identity, hello);
  const second = await connect(gateway.port, identity, hello);
  expect(await first.ended).toMatchObject({ code: CLOSE_REPLACED });
  second.send(hello);
  expect(await second.ended).toMatchObject({ code: CLOSE_MALFORMED });
});

test("a cordon reaches the host, stops its work, and ends", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const { link, identity } = await connected(registry);
  await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query("update hosts set tenant_id = $1 where id = $2", [acme.id, identity.hostId]),
  );
  const operator = acme.as("operator");
  await registry.fleet.cordon(operator, { hostId: identity.hostId, reason: "new kernel" });
  expect(await link.next("cordon")).toMatchObject({ reason: "new kernel" });
  link.send(credit(4, 0));
  await registry.runs.submitBatch(seeder(acme.id), { count: 1 });
  await registry.fleet.uncordon(operator, { hostId: identity.hostId });
  await link.next("uncordon");
  await receive(link, 1);
  await registry.fleet.drain(operator, { hostId: identity.hostId, reason: "moving" });
  await link.next("drain");
  link.send({ t: "drained" });
  const host = await registry.fleet.admit(identity.hostId);
  await eventually("it is drained", async () => (await registry.fleet.standing(host)).state === "drained");
});

test("bytes move beside the frames, under a lease and nothing else", async () => {
  await using registry = await openTestRegistry();
  const { acme } = registry.kernel;
  const { link, identity, gateway } = await connected(registry);
  const { caPem } = identity;
  const manifest = await registry.blobs.put(acme.id, Buffer.from("{}"), { mediaType: "application/json", maxBytes: 10 });
  const secret = await registry.blobs.put(acme.id, Buffer.from("secret"), { mediaType: "text/plain", maxBytes: 10 });
  await registry.runs.submitBatch(seeder(acme.id), { count: 1 });
  await registry.kernel.fastDatabase.asSystem((tx) => tx.query("update runs set driver = 'node'"));
  link.send(credit(1, 0));
  const [lease] = (await receive(link, 1)) as [Lease];
  const get = (digest: string, hold = lease) =>
    call(gateway.port, { method: "GET", path: blobPath(hold, digest as Lease["manifestDigest"]), caPem, identity });
  expect(await get(manifest.digest)).toEqual({ status: 200, text: "{}" });
  // A client that keeps its TLS sessions is asked for its certificate each time, and has it looked at.
  const agent = new Agent({ maxCachedSessions: 10 });
  for (let times = 0; times < 3; times += 1) {
    const path = blobPath(lease, manifest.digest as Lease["manifestDigest"]);
    expect(await call(gateway.port, { method: "GET", path, caPem, identity, agent })).toEqual({ status: 200, text: "{}" });
  }
  agent.destroy();
  expect((await get(secret.digest)).status).toBe(403);
  expect((await get(manifest.digest, { ...lease, fence: lease.fence + 1 })).status).toBe(403);
  expect(
    (await call(gateway.port, { method: "GET", path: blobPath(lease, manifest.digest as Lease["manifestDigest"]), caPem })).status,
  ).toBe(403);
  const put = (body: string) => call(gateway.port, { method: "PUT", path: outputPath(lease), caPem, identity, body });
  const large = JSON.stringify({ text: "x".repeat(50_000) });
  expect((await put(`${large}${" ".repeat(64 << 10)}`)).status).toBe(429);
  const stored = await put(large);
  expect(stored.status).toBe(200);
  link.send({ t: "result", results: [resultOf(lease, { output: JSON.parse(stored.text) })] });
  expect((await link.next("ack")).results).toMatchObject([{ accepted: true }]);
  expect(await registry.states()).toEqual({ succeeded: 1 });
  expect((await get(manifest.digest)).status).toBe(403);
});

test("a gateway that stops tells its hosts to come back; what they hold and report afterwards counts once", async () => {
  await using registry = await openTestRegistry();
  const { link, identity, gateway, hello } = await connected(registry);
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 3 });
  link.send(credit(3, 0));
  const [done, working, unseen] = (await receive(link, 3)) as [Lease, Lease, Lease];
  link.send({ t: "result", results: [resultOf(done)] });
  await link.next("ack");
  const { port } = gateway;
  await gateway.close();
  expect(await link.ended).toMatchObject({ code: CLOSE_SHUTTING_DOWN });
  expect(gateway.links()).toBe(0);

  await registry.startGateway(port);
  // The ack of `done` never reached it, `unseen` neither: it names what it holds, and says again what was not acknowledged.
  const again = await openLink(port, identity);
  again.send({ ...hello, holding: [done, working].map(({ runId, attempt, fence }) => ({ runId, attempt, fence })) });
  await again.next("welcome");
  expect((await again.next("cancel")).runs).toMatchObject([{ runId: done.runId, reason: "lease-lost" }]);
  again.send({ t: "result", results: [resultOf(done), resultOf(working)] });
  expect((await again.next("ack")).results.map(({ accepted }) => accepted)).toEqual([true, true]);
  again.send(credit(1, 0));
  const [redelivered] = (await receive(again, 1)) as [Lease];
  expect([redelivered.runId, redelivered.attempt]).toEqual([unseen.runId, 1]);
  again.send({ t: "result", results: [resultOf(redelivered)] });
  await again.next("ack");
  expect(await registry.states()).toEqual({ succeeded: 3 });
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ n: number }>("select count(*)::int as n from run_events where kind = 'finished'"),
  );
  expect(rows).toEqual([{ n: 3 }]);
});

test("a host that dies in mid-run costs an attempt, and the run ends once on another", async () => {
  await using registry = await openTestRegistry();
  const { link, gateway } = await connected(registry, "dies");
  const workers = await registry.startWorkers();
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 2, maxAttempts: 2 });
  link.send(credit(2, 0));
  const leases = await receive(link, 2);
  link.send({
    t: "started",
    runs: leases.map(({ runId, attempt, fence }) => ({ runId, attempt, fence, at: 0, handOutMs: 1, warm: true })),
  });
  await eventually("both run", async () => (await registry.states())["running"] === 2);
  link.socket.terminate();
  const identity = await registry.enrolHost("lives");
  registry.clock.advance(10_001);
  await workers.turn();
  expect(await registry.states()).toEqual({ queued: 2 });
  registry.clock.advance(1_000);
  const other = await connect(gateway.port, identity, helloOf(registry.clock.now()));
  other.send(credit(2, 0));
  const again = await receive(other, 2);
  expect(again.map(({ attempt }) => attempt)).toEqual([2, 2]);
  other.send({ t: "result", results: again.map((lease) => resultOf(lease)) });
  await other.next("ack");
  expect(await registry.states()).toEqual({ succeeded: 2 });
});
