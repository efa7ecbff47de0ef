/** What dies while runs are under way. Afterwards every run is counted. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import type { Lease } from "@agent-factory/protocol";
import { startRedis } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { connect, eventually, helloOf, openLink, resultOf, type TestLink } from "./test-host.ts";
import { openTestRegistry, type TestRegistry } from "./test-registry.ts";

const seeder = (tenantId: string) => ({ ...systemActor("test"), tenantId });
const credit = (free: number, received: number) => ({
  t: "credit" as const,
  slots: [{ slotKind: "cpu" as const, free }],
  warm: [],
  received,
});

async function receive(link: TestLink, count: number): Promise<Lease[]> {
  const leases: Lease[] = [];
  while (leases.length < count) leases.push(...(await link.next("work")).leases);
  return leases;
}

async function endsOf(registry: TestRegistry): Promise<{ runs: number; ends: number }> {
  const { rows } = await registry.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ runs: number; ends: number }>(
      `select (select count(*)::int from runs) as runs,
         (select count(*)::int from run_events where kind in ('finished', 'cancelled', 'dead')) as ends`,
    ),
  );
  return rows[0] ?? { runs: 0, ends: 0 };
}

test("with Redis flushed in mid-run the run finishes", async () => {
  await using registry = await openTestRegistry();
  const gateway = await registry.startGateway();
  const link = await connect(gateway.port, await registry.enrolHost(), helloOf(registry.clock.now()));
  await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 2 });
  link.send(credit(1, 0));
  const [first] = (await receive(link, 1)) as [Lease];
  await registry.redis.commands.flushdb();
  link.send({ t: "result", results: [resultOf(first)] });
  await link.next("ack");
  link.send(credit(1, 1));
  const [second] = (await receive(link, 1)) as [Lease];
  link.send({ t: "result", results: [resultOf(second)] });
  await link.next("ack");
  expect(await registry.states()).toEqual({ succeeded: 2 });
});

test("with Redis stopped in mid-run work is found, cancelled and finished all the same", async () => {
  const dataDir = path.join("/tmp/agent-factory", `redis-${randomUUID()}`);
  const server = await startRedis({ dataDir });
  try {
    await using registry = await openTestRegistry({ redisUrl: server.url() });
    const { acme } = registry.kernel;
    const gateway = await registry.startGateway();
    const link = await connect(gateway.port, await registry.enrolHost(), helloOf(registry.clock.now()));
    await registry.runs.submitBatch(seeder(acme.id), { count: 1 });
    link.send(credit(3, 0));
    const [first] = (await receive(link, 1)) as [Lease];
    await server.stop();
    link.send({ t: "result", results: [resultOf(first)] });
    expect((await link.next("ack")).results).toMatchObject([{ accepted: true }]);
    // No doorbell rings for these two: the gateway looks by itself.
    await registry.runs.submitBatch(seeder(acme.id), { count: 2 });
    const [second, third] = (await receive(link, 2)) as [Lease, Lease];
    await registry.runs.cancel(acme.as("editor"), { runId: second.runId });
    const holding = [second, third].map(({ runId, attempt, fence }) => ({ runId, attempt, fence }));
    link.send({ t: "heartbeat", clock: registry.clock.now().getTime(), holding, pool: [], load1: 0, memoryBytesFree: 1 });
    expect((await link.next("cancel")).runs).toMatchObject([{ runId: second.runId, reason: "requested" }]);
    link.send({ t: "result", results: [resultOf(second, { outcome: "cancelled", output: null }), resultOf(third)] });
    await link.next("ack");
    expect(await registry.states()).toEqual({ succeeded: 2, cancelled: 1 });
    expect(await endsOf(registry)).toEqual({ runs: 3, ends: 3 });
  } finally {
    await server.stop();
  }
});

/** The real process, on the test's database and state. */
async function startProcess(registry: TestRegistry, port: number) {
  const { db } = registry.kernel;
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, "../main.ts")], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL_TENANT: db.tenantUrl,
      DATABASE_URL_SYSTEM: db.systemUrl,
      REDIS_URL: process.env["TEST_REDIS_URL"],
      BLOB_DIR: path.join(registry.dir, "blobs"),
      STATE_DIR: path.join(registry.dir, "state"),
      TRUST_DOMAIN: "factory.test",
      GATEWAY_PORT: String(port),
      BFF_ROLES: "gateway,worker",
      LOG_LEVEL: "info",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const listening = new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (part: Buffer) => {
      said += part.toString("utf8");
      const found = /"gatewayPort":(\d+)/.exec(said)?.[1];
      if (found) resolve(Number(found));
    });
    child.once("exit", (code) => reject(new Error(`the registry ended with ${code}: ${said.slice(-2_000)}`)));
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return { port: await listening, kill };
}

test("a registry killed in mid-run and started again loses no run and counts each once", async () => {
  await using registry = await openTestRegistry();
  let server = await startProcess(registry, 0);
  const { port } = server;
  try {
    const identity = await registry.enrolHost();
    const hello = helloOf(new Date());
    const link = await connect(port, identity, hello);
    await registry.runs.submitBatch(seeder(registry.kernel.acme.id), { count: 20 });
    link.send(credit(8, 0));
    const leases = await receive(link, 8);
    link.send({ t: "result", results: leases.slice(0, 3).map((lease) => resultOf(lease)) });
    link.send({
      t: "started",
      runs: leases.slice(3).map(({ runId, attempt, fence }) => ({ runId, attempt, fence, at: 0, handOutMs: 1, warm: true })),
    });
    await eventually("some have ended, some run", async () => {
      const states = await registry.states();
      return states["succeeded"] === 3 && states["running"] === 5;
    });
    // Between its last word and its end the host reports once more; whether that was heard nobody knows.
    link.send({ t: "result", results: leases.slice(3, 5).map((lease) => resultOf(lease)) });
    await server.kill();
    await link.ended;

    server = await startProcess(registry, port);
    const again = await openLink(port, identity);
    again.send({ ...hello, clock: Date.now(), holding: leases.map(({ runId, attempt, fence }) => ({ runId, attempt, fence })) });
    await again.next("welcome");
    again.send({ t: "result", results: leases.map((lease) => resultOf(lease)) });
    expect((await again.next("ack")).results.map(({ accepted }) => accepted)).toEqual(leases.map(() => true));
    again.send(credit(64, 0));
    const rest = await receive(again, 12);
    again.send({ t: "result", results: rest.map((lease) => resultOf(lease)) });
    await again.next("ack");
    expect(rest.map(({ attempt }) => attempt)).toEqual(rest.map(() => 1));
    expect(await registry.states()).toEqual({ succeeded: 20 });
    expect(await endsOf(registry)).toEqual({ runs: 20, ends: 20 });
    await again.close();
  } finally {
    await server.kill();
  }
});
