/**
 * What counting costs: outcomes from the inbox through idempotent insert, costs, sketches and the roll-ups of three grains, against a bare
 * COPY of the same rows from Node, on the same PostgreSQL with every commit on disk, in turns.
 *
 * `points-per-second`: outcomes of {@link SERIES} series in the order of their ends, {@link MINUTES} minutes of them, every tenth of a rollout; batches as large
 * as the loop's own, one ingester. Writing the inbox is not measured: it is part of the transaction that ends a run.
 * The peer sends the rows that `run_outcomes` will hold, as text, into a table with the same columns and primary key, a commit for each
 * batch of the same size.
 */
import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import pg from "pg";
import { createIngester, INGEST_BATCH_MAX } from "../apps/bff/src/domain/usage/ingest.ts";
import { type FastDatabase, openFastDatabase } from "../apps/bff/src/platform/fast-database.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";
import { onLedger } from "./ledger.ts";

const SERIES = 100;
const MINUTES = 10;
const POINTS_A_ROUND = 20 * INGEST_BATCH_MAX;
const ROUNDS = 5;

type Opened = { readonly fastDatabase: FastDatabase; readonly owner: pg.Client; readonly tenantId: string; close(): Promise<void> };

function open(): Promise<Opened> {
  return onLedger("ingest", async ({ opened, url }) => {
    const owner = new pg.Client({ connectionString: url("postgres") });
    await owner.connect();
    opened(() => owner.end());
    const fastDatabase = openFastDatabase({
      tenantUrl: url("af_tenant"),
      systemUrl: url("af_system"),
    });
    opened(fastDatabase.close);
    const { rows } = await owner.query<{ id: string }>(
      "insert into tenants (slug, name, currency) values ('bench', 'Bench', 'EUR') returning id",
    );
    await owner.query("create table bare (like run_outcomes including indexes)");
    return { fastDatabase, owner, tenantId: rows[0]?.id ?? "" };
  });
}

/** Outcomes of one round in the inbox, as `runs` leaves them. */
async function fill({ owner, tenantId }: Opened, templates: readonly string[], rolloutId: string, round: number): Promise<void> {
  await owner.query(
    `insert into usage_inbox (tenant_id, run_id, attempt, at, outcome)
     select $1, gen_random_uuid(), 1, date_trunc('milliseconds', $2::timestamptz + n * $3::float8 * interval '1 second'),
       jsonb_build_object('templateId', ($4::uuid[])[1 + n % cardinality($4::uuid[])], 'versionId', null, 'semver', '1.0.0', 'channelId', null,
         'hostId', gen_random_uuid(), 'state', case when n % 20 = 0 then 'failed' else 'succeeded' end, 'errorKind', null, 'durationMs', 200 + n % 977,
         'waitMs', 5 + n % 31, 'cpuMs', 40 + n % 113, 'memoryBytesPeak', 50000000 + n, 'limits', jsonb_build_object('cpuMillis', 500, 'memoryBytes', 134217728),
         'warm', true, 'handOutMs', 1.5, 'stickyHash', (n * 7919)::text, 'moved', false, 'kind', 'run', 'judged',
         case when n % 10 = 0 then jsonb_build_object('rolloutId', $5::uuid, 'step', 0, 'cohort', 'canary', 'slowMs', 900, 'dearMicros', null) end)
     from generate_series(1, $6) n`,
    [
      tenantId,
      new Date(Date.UTC(2031, 4, 14, 12, round * MINUTES)),
      (MINUTES * 60) / (POINTS_A_ROUND + 1),
      templates,
      rolloutId,
      POINTS_A_ROUND,
    ],
  );
  await owner.query("vacuum analyze usage_inbox");
}

async function ourRound(opened: Opened): Promise<number> {
  const ingester = createIngester({ fastDatabase: opened.fastDatabase, logger: createLogger({ app: "bench", level: "silent" }) });
  const started = performance.now();
  let counted = 0;
  for (let batch = await ingester.ingest(); batch > 0; batch = await ingester.ingest()) counted += batch;
  if (counted !== POINTS_A_ROUND) throw new Error(`${counted} points were counted, ${POINTS_A_ROUND} were said`);
  return counted / ((performance.now() - started) / 1_000);
}

/** The rows that our round wrote, as Node has them before it writes: fields, not text. */
async function bareRound({ owner }: Opened, rows: readonly (readonly unknown[])[], columns: readonly string[]): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < rows.length; done += INGEST_BATCH_MAX) {
    const lines = rows
      .slice(done, done + INGEST_BATCH_MAX)
      .map((row) => row.map((field) => (field === null ? "\\N" : String(field))).join("\t"));
    await copy(owner, `copy bare (${columns.join(", ")}) from stdin`, Buffer.from(`${lines.join("\n")}\n`));
  }
  return rows.length / ((performance.now() - started) / 1_000);
}

type CopyConnection = { query(text: string): void; sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

/** COPY FROM STDIN over a plain `pg` client: the protocol's own messages. */
function copy(client: pg.Client, sql: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let failed: Error | null = null;
    const submittable = {
      submit: (connection: CopyConnection) => connection.query(sql),
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(bytes);
        connection.endCopyFrom();
      },
      handleError: (error: Error) => {
        failed = error;
        reject(error);
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => failed === null && resolve(),
    };
    client.query(submittable as unknown as pg.Submittable);
  });
}

async function run(): Promise<Row[]> {
  const opened = await open();
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    const templates = Array.from({ length: SERIES }, () => randomUUID());
    const rolloutId = randomUUID();
    for (let round = 0; round <= ROUNDS; round += 1) {
      await fill(opened, templates, rolloutId, round);
      const counted = await ourRound(opened);
      const { rows, fields } = await opened.owner.query<unknown[]>({
        text: `select tenant_id::text, run_id::text, attempt, at::text, template_id::text, host_id::text, state, duration_ms, wait_ms, cpu_us, memory_mib_ms,
          cost_nanos, used_nanos, rollout_id::text, step, cohort, sticky_hash::text from run_outcomes where at >= $1 and at < $2`,
        values: [new Date(Date.UTC(2031, 4, 14, 12, round * MINUTES)), new Date(Date.UTC(2031, 4, 14, 12, (round + 1) * MINUTES))],
        rowMode: "array",
      });
      if (rows.length !== POINTS_A_ROUND) throw new Error(`${rows.length} outcomes are kept, ${POINTS_A_ROUND} were said`);
      const copied = await bareRound(
        opened,
        rows,
        fields.map(({ name }) => name),
      );
      // The first round warms plans and caches of both.
      if (round === 0) continue;
      ours.push(counted);
      bare.push(copied);
    }
  } finally {
    await opened.close();
  }
  const [value, peerValue] = [Math.round(median(ours)), Math.round(median(bare))];
  return [
    {
      bench: "ingest",
      metric: "points-per-second",
      ours: value,
      peer: "bare Node COPY of the same rows into a table with the same primary key, same batches",
      peerValue,
      ratio: Math.round((value / peerValue) * 1000) / 1000,
      unit: "points/s",
      better: "higher",
    },
  ];
}

export const bench: Bench = { name: "ingest", run };
