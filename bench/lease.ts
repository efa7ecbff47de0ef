/**
 * What the ledger costs: no-op runs from submit to finish against the same number of bare batched inserts and updates, on the same
 * PostgreSQL with every commit on disk, in turns.
 *
 * `runs-per-second`: {@link WORKERS} at a time, each submits {@link BATCH} runs, leases that many for its host and finishes them,
 * through the doors that the gateway calls, with fair queueing, fences, row-level security on submit, run events and doorbells.
 * The peer inserts the same number of rows with a primary key, sets them to leased, then to done: three statements, three commits.
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { startRedis } from "@agent-factory/testkit/redis";
import pg from "pg";
import { createAccess } from "../apps/bff/src/domain/access/access.ts";
import { type HostActor, systemActor } from "../apps/bff/src/domain/actor.ts";
import { createAudit } from "../apps/bff/src/domain/audit/audit.ts";
import { createChannels } from "../apps/bff/src/domain/channels/channels.ts";
import { createDecisions } from "../apps/bff/src/domain/decisions/decisions.ts";
import { createFleet } from "../apps/bff/src/domain/fleet/fleet.ts";
import { openHostAuthority } from "../apps/bff/src/domain/fleet/host-authority.ts";
import { createQuotas } from "../apps/bff/src/domain/quotas/quotas.ts";
import { createRuns, type Runs } from "../apps/bff/src/domain/runs/runs.ts";
import { createTenants } from "../apps/bff/src/domain/tenants/tenants.ts";
import { createHostKey, helloOf, resultOf } from "../apps/bff/src/gateway/test-host.ts";
import { openBlobs } from "../apps/bff/src/platform/blobs.ts";
import { systemClock } from "../apps/bff/src/platform/clock.ts";
import { openDatabase } from "../apps/bff/src/platform/database.ts";
import { openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";
import { openRedis } from "../apps/bff/src/platform/redis.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";
import { onLedger } from "./ledger.ts";

const BATCH = 256;
const WORKERS = 4;
const RUNS_A_ROUND = 20 * BATCH * WORKERS;
const ROUNDS = 5;

type Opened = {
  readonly runs: Runs;
  readonly tenantId: string;
  readonly hosts: readonly HostActor[];
  readonly ownerUrl: string;
  close(): Promise<void>;
};

function open(): Promise<Opened> {
  return onLedger("lease", async ({ dir, opened, url }) => {
    const state = mkdtempSync(join(dir, "state-"));
    const redisServer = await startRedis({ dataDir: join(dir, "redis") });
    opened(redisServer.stop);
    const ownerUrl = url("af_owner");
    const urls = { tenantUrl: url("af_tenant"), systemUrl: url("af_system") };
    const logger = createLogger({ app: "bench", level: "silent" });
    const [database, fastDatabase, redis, clock] = [
      openDatabase(urls),
      openFastDatabase(urls),
      openRedis(redisServer.url(), logger),
      systemClock,
    ];
    opened(database.close);
    opened(fastDatabase.close);
    opened(redis.close);
    const audit = createAudit();
    const access = createAccess({ database, fastDatabase, decisions: createDecisions(), audit, logger });
    const authority = await openHostAuthority({ stateDir: state, trustDomain: "bench.test", clock });
    const fleet = createFleet({ access, audit, fastDatabase, authority, redis, clock, gatewayUrl: "https://localhost" });
    const templates = {
      runnable: () => Promise.reject(new Error("nothing is submitted by version here")),
      tryable: () => Promise.reject(new Error("nothing is tried here")),
    };
    const runs = createRuns({
      access,
      fastDatabase,
      templates,
      channels: createChannels({ access, redis, clock }),
      quotas: createQuotas({ access, clock }),
      fleet,
      blobs: openBlobs({ dir: join(state, "blobs"), fastDatabase }),
      redis,
      clock,
    });
    const tenant = await createTenants({ database, access, logger }).create(systemActor("seed"), { slug: "bench", name: "Bench" });
    const hosts: HostActor[] = [];
    for (let i = 0; i < WORKERS; i += 1) {
      const { token } = await fleet.createJoinToken(systemActor("bench"), {
        hostName: `host-${i}`,
        labels: {},
        expiresInMinutes: 5,
        servesAll: true,
      });
      const { hostId } = await fleet.enrol({ token, csrPem: (await createHostKey()).csrPem, clock: Date.now() });
      const host = await fleet.admit(hostId);
      await fleet.connect(host, helloOf(new Date()));
      hosts.push(host);
    }
    return { runs, tenantId: tenant.id, hosts, ownerUrl };
  });
}

/** Runs per second; fails when a run did not end, or ended twice. */
async function ledgerRound({ runs, tenantId, hosts }: Opened): Promise<number> {
  const submitter = { ...systemActor("bench"), tenantId };
  const started = performance.now();
  let ended = 0;
  const work = async (host: HostActor) => {
    const leases = await runs.lease(host, { max: BATCH });
    const results = leases.map((lease) => resultOf(lease, { output: null }));
    const acks = results.length === 0 ? [] : await runs.finish(host, results);
    ended += acks.filter(({ accepted }) => accepted).length;
    return leases.length;
  };
  await Promise.all(
    hosts.map(async (host) => {
      for (let submitted = 0; submitted < RUNS_A_ROUND / WORKERS; submitted += BATCH) {
        await runs.submitBatch(submitter, { count: BATCH });
        await work(host);
      }
      // Leasers that meet skip each other's rows, so a few runs are left for the end.
      while ((await work(host)) > 0);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  if (ended !== RUNS_A_ROUND) throw new Error(`${ended} runs ended, ${RUNS_A_ROUND} were submitted`);
  return RUNS_A_ROUND / seconds;
}

/** Rows per second through insert, update, update. */
async function bareRound(pool: pg.Pool, round: number): Promise<number> {
  const started = performance.now();
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, worker) => {
      for (let done = 0; done < RUNS_A_ROUND / WORKERS; done += BATCH) {
        const ids = Array.from({ length: BATCH }, (_, i) => (round * WORKERS + worker) * RUNS_A_ROUND + done + i);
        await pool.query({
          name: "bare_insert",
          text: "insert into bare (id, state) select id, 'queued' from unnest($1::bigint[]) as t (id)",
          values: [ids],
        });
        await pool.query({
          name: "bare_update",
          text: "update bare set state = $2 where id = any ($1::bigint[])",
          values: [ids, "leased"],
        });
        await pool.query({ name: "bare_update", text: "update bare set state = $2 where id = any ($1::bigint[])", values: [ids, "done"] });
      }
    }),
  );
  return RUNS_A_ROUND / ((performance.now() - started) / 1000);
}

async function run(): Promise<Row[]> {
  const opened = await open();
  const pool = new pg.Pool({ connectionString: opened.ownerUrl, max: WORKERS });
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    await pool.query("create table bare (id bigint primary key, state text not null)");
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [ledger, plain] = [await ledgerRound(opened), await bareRound(pool, round)];
      // The first round warms plans and caches of both.
      if (round === 0) continue;
      ours.push(ledger);
      bare.push(plain);
    }
  } finally {
    await pool.end();
    await opened.close();
  }
  const [value, peerValue] = [Math.round(median(ours)), Math.round(median(bare))];
  return [
    {
      bench: "lease",
      metric: "runs-per-second",
      ours: value,
      peer: "bare batched insert, update, update on the same PostgreSQL",
      peerValue,
      ratio: Math.round((value / peerValue) * 1000) / 1000,
      unit: "runs/s",
      better: "higher",
    },
  ];
}

export const bench: Bench = { name: "lease", run };
