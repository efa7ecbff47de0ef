/**
 * What the API costs over HTTP, in turns with bare Fastify routes that send the equivalent rows of the same PostgreSQL; each a process of
 * its own, asked by this one. Ours knows its caller (a service token, a person's JWT), counts his rate, is authorised, and reads as
 * `af_tenant` under row-level security; the bare ones do none of it.
 *
 * `resolve-throughput`: GET …/channels/production/resolve with a new key each time, {@link CONNECTIONS} connections.
 * `template-list-ms-*`: the first page of {@link SERIES} templates with two versions each, one connection.
 * `costs-ms-p95`: 90 days of {@link SERIES} templates at day grain, named and folded as the console gets it, one connection. The bare route
 * sends the same sums grouped the same way, all of them.
 */
import { join } from "node:path";
import { freePort, startChild, until } from "@agent-factory/testkit/child-process";
import pg from "pg";
import type { Bench, Row } from "../scripts/bench.ts";
import { load, type Target } from "./http-load.ts";
import { type BenchSystem, startBenchSystem } from "./system.ts";

const SERIES = 1_000;
const DAYS = 90;
const CONNECTIONS = 10;
const REQUESTS_A_ROUND = 3_000;
const ROUNDS = 5;
const LISTS_A_ROUND = 40;
const COSTS_A_ROUND = 4;
const FROM = "2026-08-01T00:00:00.000Z";
const TO = new Date(Date.parse(FROM) + DAYS * 86_400_000).toISOString();

/** Templates with two versions each, and a roll-up a day of every one. */
async function fill(system: BenchSystem): Promise<void> {
  const client = new pg.Client({ connectionString: system.ledgerUrl("postgres") });
  await client.connect();
  try {
    await client.query(
      `insert into templates (tenant_id, name, title, description, owner, created_by)
       select $1, 'measured-' || lpad(n::text, 4, '0'), 'Measured ' || n, 'One of many that a search has to go through.', 'team-' || n % 20, 'bench'
         from generate_series(1, $2) n`,
      [system.tenantId, SERIES],
    );
    await client.query(
      `insert into template_versions (tenant_id, template_id, semver, digest, source, published_by)
       select tenant_id, id, semver, 'sha256:' || encode(sha256((id || semver)::bytea), 'hex'), '', 'bench' from templates, unnest(array['1.0.0', '1.1.0']) semver
        where tenant_id = $1 and name like 'measured-%'`,
      [system.tenantId],
    );
    await client.query(
      `insert into usage_rollups (tenant_id, grain_seconds, bucket, template_id, version_id, channel_id, runs, succeeded, allocated_nanos, used_nanos)
       select $1, 86400, $2::timestamptz + d * interval '1 day', t.id, gen_random_uuid(), gen_random_uuid(), 100, 100, 1000000 + d, 500000 + d
         from templates t, generate_series(0, $3 - 1) d where t.tenant_id = $1 and t.name like 'measured-%'`,
      [system.tenantId, FROM, DAYS],
    );
    await client.query("vacuum analyze usage_rollups, templates, template_versions");
  } finally {
    await client.end();
  }
}

async function startBare(system: BenchSystem): Promise<{ origin: string; stop(): Promise<void> }> {
  const port = await freePort();
  const program = join(import.meta.dirname, "bare-server.ts");
  const child = await startChild({
    name: "bare-server",
    command: process.execPath,
    args: [program, system.ledgerUrl("postgres"), system.tenantId, String(port)],
    env: { PATH: process.env["PATH"] ?? "" },
    logFile: join(system.dir, "bare-server.log"),
  });
  const origin = `http://127.0.0.1:${port}`;
  await until("the bare server listens", async () => (await fetch(`${origin}/templates`).catch(() => null))?.ok === true, {
    timeoutMs: 15_000,
    failed: () => (child.running() ? null : "it ended at start"),
  });
  return { origin, stop: () => child.stop() };
}

type Pair = { readonly ours: Target; readonly bare: Target; readonly requests: number; readonly connections: number };

/** Rounds of both, one after the other; the first warms up. */
async function measure({ ours, bare, ...options }: Pair, rounds: number) {
  const found = { ours: { perSecond: [] as number[], ms: [] as number[] }, bare: { perSecond: [] as number[], ms: [] as number[] } };
  for (let round = 0; round <= rounds; round += 1) {
    for (const [who, target] of [["ours", ours] as const, ["bare", bare] as const]) {
      const { perSecond, latenciesMs } = await load(target, options);
      console.error(
        `${who} ${target.path(0).split("?")[0]}: ${Math.round(perSecond)}/s, median ${percentile(latenciesMs, 0.5).toFixed(1)} ms`,
      );
      if (round === 0) continue;
      found[who].perSecond.push(perSecond);
      found[who].ms.push(...latenciesMs);
    }
  }
  return found;
}

async function run(): Promise<Row[]> {
  const system = await startBenchSystem("api");
  let bare: Awaited<ReturnType<typeof startBare>> | undefined;
  try {
    await fill(system);
    bare = await startBare(system);
    const token = { authorization: `Bearer ${system.serviceToken}` };
    const person = { authorization: await system.bearerAs("manager") };
    const period = `from=${FROM}&to=${TO}`;
    const asked = encodeURIComponent(JSON.stringify({ from: FROM, to: TO, by: "template", basis: "allocated" }));
    const route = (origin: string, path: string, headers = {}): Target => ({ origin, path: () => path, headers });

    const key = (n: number) => `person-${n}`;
    const resolve = await measure(
      {
        ours: {
          origin: system.origin,
          path: (n) => `/v1/templates/dependency-audit/channels/production/resolve?key=${key(n)}`,
          headers: token,
        },
        bare: { origin: bare.origin, path: (n) => `/resolve/dependency-audit/production?key=${key(n)}` },
        requests: REQUESTS_A_ROUND,
        connections: CONNECTIONS,
      },
      ROUNDS,
    );
    const list = await measure(
      {
        ours: route(system.origin, "/v1/templates", token),
        bare: route(bare.origin, "/templates"),
        requests: LISTS_A_ROUND,
        connections: 1,
      },
      ROUNDS,
    );
    const costs = await measure(
      {
        ours: route(system.origin, `/trpc/usage.costs?input=${asked}`, person),
        bare: route(bare.origin, `/costs?${period}`),
        requests: COSTS_A_ROUND,
        connections: 1,
      },
      ROUNDS,
    );
    return [
      row(
        "resolve-throughput",
        percentile(resolve.ours.perSecond, 0.5),
        "bare Fastify and pg, one SELECT",
        percentile(resolve.bare.perSecond, 0.5),
      ),
      ...[0.5, 0.99].map((share) =>
        row(
          `template-list-ms-p${share * 100}`,
          percentile(list.ours.ms, share),
          "bare Fastify and pg, the same 50 rows",
          percentile(list.bare.ms, share),
        ),
      ),
      row(
        "costs-ms-p95",
        percentile(costs.ours.ms, 0.95),
        "bare Fastify and pg, the same sums, none folded",
        percentile(costs.bare.ms, 0.95),
      ),
    ];
  } finally {
    await bare?.stop();
    await system.close();
  }
}

function row(metric: string, ours: number, peer: string, peerValue: number): Row {
  const isRate = metric.endsWith("throughput");
  const rounded = (value: number) => (isRate ? Math.round(value) : Math.round(value * 100) / 100);
  return {
    bench: "api",
    metric,
    ours: rounded(ours),
    peer,
    peerValue: rounded(peerValue),
    ratio: Math.round((ours / peerValue) * 1_000) / 1_000,
    unit: isRate ? "requests/s" : "ms",
    better: isRate ? "higher" : "lower",
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export const bench: Bench = { name: "api", run };
