/**
 * What it costs to have something done: durable no-op runs through the real registry, gateway and host, beside the queues that others
 * would use for it, on the same PostgreSQL server with every commit on disk, in turns.
 *
 * `ledger-runs-per-second`: {@link RUNS_A_ROUND} runs from the first submission to the last acknowledged end, submitted {@link BATCH} a commit by
 * {@link SUBMITTERS} at once. Ours: the registry is a process of its own with all its loops, reached over mutual TLS by a real host in this
 * process whose sandbox does nothing; a statement leases 128, in frames of 64. The peers fetch as many at a time (`PEER_FETCH_MAX`) and
 * settle in batches, all in this process.
 * `start-latency-ms-*`: from the call that submits one run to its handler, {@link RATE} runs a second.
 * `runs-per-second`: signed runs, submitted one by one over the REST API, each in a sandbox of its own. Its limit is starting and destroying
 * as many of the same sandboxes with nothing run in them; pg-boss stands beside it, though its handler is a function call.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "@agent-factory/process/logger";
import { until } from "@agent-factory/testkit/child-process";
import { startRedis } from "@agent-factory/testkit/redis";
import { Redis } from "ioredis";
import pg from "pg";
import { systemActor } from "../apps/bff/src/domain/actor.ts";
import { WORK_DOORBELL } from "../apps/bff/src/domain/runs/runs.ts";
import { createSubmissions } from "../apps/bff/src/domain/runs/submissions.ts";
import { systemClock } from "../apps/bff/src/platform/clock.ts";
import { openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";
import { openRedis } from "../apps/bff/src/platform/redis.ts";
import { createBubblewrapDriver } from "../apps/runtime-agent/src/pool/bubblewrap-sandbox.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { startNoopHost } from "./noop-host.ts";
import { type Contender, startBullMq, startGraphile, startPgBoss } from "./peers.ts";
import { type BenchSystem, startBenchSystem } from "./system.ts";

const BATCH = 256;
const SUBMITTERS = 4;
const RUNS_A_ROUND = 4 * BATCH * SUBMITTERS;
const ROUNDS = 3;
/** As many as a host may hold. */
const SLOTS = 1024;
const RATE = 200;
const LATENCY_SECONDS = 3;
const LATENCY_ROUNDS = 2;
const SANDBOX_RUNS = 32;
const SANDBOX_ROUNDS = 3;
const SANDBOX_SLOTS = 4;
const SANDBOX_RATE = 5;
const SANDBOX_SECONDS = 6;

const OURS = "ours";

/** When each job's handler began, by its id: of every contender, told by all. */
type Starts = Map<string, number>;

async function startOurs(system: BenchSystem, starts: Starts): Promise<Contender> {
  const fastDatabase = openFastDatabase({ tenantUrl: system.ledgerUrl("af_tenant"), systemUrl: system.ledgerUrl("af_system") });
  const redis = openRedis(system.redisUrl, createLogger({ app: "bench", level: "warn" }));
  const unused = {} as never;
  const { submitBatch } = createSubmissions({
    access: unused,
    fastDatabase,
    templates: unused,
    channels: unused,
    quotas: unused,
    fleet: unused,
    blobs: unused,
    clock: systemClock,
    ring: { work: () => void redis.publish(WORK_DOORBELL, "") },
  });
  const operator = await system.clientAs("operator");
  const { token: joinToken } = await operator.fleet.createJoinToken.mutate({ hostName: "noop", labels: {}, expiresInMinutes: 5 });
  const host = await startNoopHost({
    gatewayUrl: system.gatewayUrl,
    joinToken,
    slots: SLOTS,
    onStart: ({ runId }) => starts.set(runId, performance.now()),
  });
  let submitted = 0;
  return {
    name: OURS,
    submit: async (count) => {
      submitted += count;
      return submitBatch({ ...systemActor("bench"), tenantId: system.tenantId }, { count });
    },
    settled: async () => host.acknowledged() === submitted,
    close: async () => {
      await host.close();
      await Promise.all([fastDatabase.close(), redis.close()]);
    },
  };
}

async function startContenders(system: BenchSystem, starts: Starts, opened: (() => Promise<unknown>)[]): Promise<Contender[]> {
  const admin = new pg.Client({ connectionString: system.postgres.url("postgres", "postgres") });
  await admin.connect();
  for (const name of ["boss", "graphile"]) await admin.query(`create database ${name}`);
  await admin.end();
  const pool = new pg.Pool({ connectionString: system.postgres.url("postgres", "graphile"), max: 1 });
  opened.push(() => pool.end());
  const redis = await startRedis({ dataDir: join(system.dir, "redis-bullmq") });
  opened.push(redis.stop);
  const settings = new Redis(redis.url());
  await settings.config("SET", "appendfsync", "everysec");
  await settings.config("SET", "appendonly", "yes");
  settings.disconnect();
  const onStart = (id: string) => void starts.set(id, performance.now());
  const contenders: Contender[] = [];
  for (const start of [
    () => startOurs(system, starts),
    () => startPgBoss(system.postgres.url("postgres", "boss"), onStart),
    () => startGraphile(system.postgres.url("postgres", "graphile"), pool, onStart),
    () => startBullMq(redis.url(), "Redis AOF everysec: a crash may lose a second", onStart),
  ]) {
    const contender = await start();
    if (!contender) continue;
    opened.push(contender.close);
    contenders.push(contender);
  }
  return contenders;
}

/** Runs per second; fails when one never began or never ended. */
async function throughput({ name, submit, settled }: Contender, starts: Starts): Promise<number> {
  starts.clear();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: SUBMITTERS }, async () => {
      for (let submitted = 0; submitted < RUNS_A_ROUND / SUBMITTERS; submitted += BATCH) await submit(BATCH);
    }),
  );
  const all = async () => starts.size >= RUNS_A_ROUND && (await settled());
  await until(`every job of ${name} has ended`, all, { timeoutMs: 60_000, everyMs: 2 });
  if (starts.size !== RUNS_A_ROUND) throw new Error(`${name} began ${starts.size} jobs of ${RUNS_A_ROUND}`);
  return RUNS_A_ROUND / ((performance.now() - began) / 1_000);
}

/** Milliseconds from each submission to its handler. */
async function latencies({ name, submit, settled }: Contender, starts: Starts): Promise<number[]> {
  starts.clear();
  const asked: Promise<{ id: string; at: number }>[] = [];
  const began = performance.now();
  for (let n = 0; n < RATE * LATENCY_SECONDS; n += 1) {
    const waitMs = began + (n * 1_000) / RATE - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const at = performance.now();
    asked.push(submit(1).then(([id = ""]) => ({ id, at })));
  }
  const submissions = await Promise.all(asked);
  const all = async () => starts.size >= submissions.length && (await settled());
  await until(`every job of ${name} has ended`, all, { timeoutMs: 30_000 });
  return submissions.map(({ id, at }) => (starts.get(id) ?? Number.NaN) - at);
}

async function ledgerRows(system: BenchSystem): Promise<{ rows: Row[]; bossPerSecond: number | null; graphileMsP50: number | null }> {
  const opened: (() => Promise<unknown>)[] = [];
  const starts: Starts = new Map();
  const [perSecond, startMs] = [new Map<string, number[]>(), new Map<string, number[]>()];
  try {
    const contenders = await startContenders(system, starts, opened);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const contender of contenders) {
        const measured = await throughput(contender, starts);
        console.error(`${contender.name}: ${Math.round(measured)} runs/s`);
        // The first round warms plans and caches of all.
        if (round > 0) perSecond.set(contender.name, [...(perSecond.get(contender.name) ?? []), measured]);
      }
    }
    for (let round = 0; round < LATENCY_ROUNDS; round += 1)
      for (const contender of contenders)
        startMs.set(contender.name, [...(startMs.get(contender.name) ?? []), ...(await latencies(contender, starts))]);
  } finally {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  }
  const rate = (name: string) => median(perSecond.get(name) ?? []);
  const rows = [...perSecond.keys()]
    .filter((name) => name !== OURS)
    .map((name) => row("ledger-runs-per-second", rate(OURS), name, rate(name)));
  for (const share of [0.5, 0.99]) {
    const at = (name: string) => percentile(startMs.get(name) ?? [], share);
    for (const name of startMs.keys()) if (name !== OURS) rows.push(row(`start-latency-ms-p${share * 100}`, at(OURS), name, at(name)));
  }
  const found = (prefix: string) => [...perSecond.keys()].find((name) => name.startsWith(prefix));
  const [boss, graphile] = [found("pg-boss"), found("graphile")];
  return { rows, bossPerSecond: boss ? rate(boss) : null, graphileMsP50: graphile ? percentile(startMs.get(graphile) ?? [], 0.5) : null };
}

const CODE = "export default () => ({ at: performance.timeOrigin + performance.now() });\n";

async function sandboxRows(system: BenchSystem, bossPerSecond: number | null, graphileMsP50: number | null): Promise<Row[]> {
  await system.publish("does-nothing", CODE);
  const agent = await system.startAgent({ slots: SANDBOX_SLOTS, warmTarget: SANDBOX_SLOTS });
  const stateDir = join(system.dir, "bare-sandboxes");
  mkdirSync(stateDir);
  const driver = await createBubblewrapDriver({ stateDir });
  const pool = new pg.Pool({ connectionString: system.ledgerUrl("postgres"), max: 2 });
  const submit = async () => {
    const response = await fetch(`${system.origin}/v1/runs`, {
      method: "POST",
      headers: { authorization: `Bearer ${system.serviceToken}`, "content-type": "application/json" },
      body: JSON.stringify({ template: "does-nothing", input: {} }),
    });
    if (!response.ok) throw new Error(`a run was refused: ${await response.text()}`);
    return ((await response.json()) as { runId: string }).runId;
  };
  const endOf = async (ids: readonly string[]) => {
    const states =
      "select count(*) filter (where state = 'succeeded')::int as ended, count(*) filter (where state in ('failed', 'dead'))::int as failed from runs where id = any ($1::uuid[])";
    await until(
      "every run ended",
      async () => {
        const { rows } = await pool.query<{ ended: number; failed: number }>({ name: "states", text: states, values: [ids] });
        if (rows[0]?.failed) throw new Error(`${rows[0].failed} runs failed`);
        return rows[0]?.ended === ids.length;
      },
      { timeoutMs: 60_000, everyMs: 10 },
    );
  };
  try {
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round <= SANDBOX_ROUNDS; round += 1) {
      const began = performance.now();
      const ids = (await Promise.all(Array.from({ length: SANDBOX_SLOTS }, () => times(SANDBOX_RUNS / SANDBOX_SLOTS, submit)))).flat();
      await endOf(ids);
      const between = performance.now();
      await Promise.all(
        Array.from({ length: SANDBOX_SLOTS }, () => times(SANDBOX_RUNS / SANDBOX_SLOTS, async () => (await driver.launch()).destroy())),
      );
      const measured = [between - began, performance.now() - between].map((ms) => SANDBOX_RUNS / (ms / 1_000));
      console.error(`sandboxed: ${measured.map((value) => value.toFixed(1)).join(" and ")} runs/s`);
      if (round === 0) continue;
      ours.push(measured[0] ?? Number.NaN);
      bare.push(measured[1] ?? Number.NaN);
    }
    const waits = await sandboxLatencies(submit, endOf, pool);
    const limit = "starting and destroying the same sandboxes, nothing run";
    return [
      row("runs-per-second", median(ours), limit, median(bare)),
      ...(bossPerSecond === null ? [] : [row("runs-per-second", median(ours), "pg-boss work(), no sandbox", bossPerSecond)]),
      ...(graphileMsP50 === null
        ? []
        : [0.5, 0.99].map((share) =>
            row(`sandbox-start-latency-ms-p${share * 100}`, percentile(waits, share), "graphile-worker p50, no sandbox", graphileMsP50),
          )),
    ];
  } finally {
    await Promise.all([pool.end(), driver.close(), agent.stop()]);
  }
}

/** From the call of the REST API to the first line of the template's code, {@link SANDBOX_RATE} runs a second: sandboxes are warm. */
async function sandboxLatencies(submit: () => Promise<string>, endOf: (ids: string[]) => Promise<void>, pool: pg.Pool): Promise<number[]> {
  const began = performance.now();
  const asked: Promise<{ id: string; at: number }>[] = [];
  for (let n = 0; n < SANDBOX_RATE * SANDBOX_SECONDS; n += 1) {
    await delay(Math.max(0, began + (n * 1_000) / SANDBOX_RATE - performance.now()));
    const at = performance.timeOrigin + performance.now();
    asked.push(submit().then((id) => ({ id, at })));
  }
  const submissions = await Promise.all(asked);
  const ids = submissions.map(({ id }) => id);
  await endOf(ids);
  const { rows } = await pool.query<{ id: string; output: string }>(
    "select id, output_inline as output from runs where id = any ($1::uuid[])",
    [ids],
  );
  const starts = new Map(rows.map(({ id, output }) => [id, (JSON.parse(output) as { at: number }).at]));
  return submissions.map(({ id, at }) => (starts.get(id) ?? Number.NaN) - at);
}

async function times<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let n = 0; n < count; n += 1) done.push(await work());
  return done;
}

async function run(): Promise<Row[]> {
  const system = await startBenchSystem("dispatch");
  try {
    const { rows, bossPerSecond, graphileMsP50 } = await ledgerRows(system);
    return [...rows, ...(await sandboxRows(system, bossPerSecond, graphileMsP50))];
  } finally {
    await system.close();
  }
}

function row(metric: string, ours: number, peer: string, peerValue: number): Row {
  const isRate = metric.endsWith("per-second");
  const rounded = (value: number) => (value > 1_000 ? Math.round(value) : Math.round(value * 100) / 100);
  return {
    bench: "dispatch",
    metric,
    ours: rounded(ours),
    peer,
    peerValue: rounded(peerValue),
    ratio: Math.round((ours / peerValue) * 1_000) / 1_000,
    unit: isRate ? "runs/s" : "ms",
    better: isRate ? "higher" : "lower",
  };
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export const bench: Bench = { name: "dispatch", run };
