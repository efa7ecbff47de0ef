/**
 * Outcomes, roll-ups and cohorts in SQL. Statements take whole batches through `unnest`. Two ingesters never deadlock: outcomes are inserted
 * in the order of their keys, and to roll-ups and cohorts one adds at a time.
 */
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Outcome, Row } from "./outcome.ts";
import type { PriceBook, Prices } from "./price-book.ts";
import { type Rollup, SUMS } from "./rollup.ts";
import { Sketch } from "./sketch.ts";

/** Ingesters hold it together; whoever rebuilds holds it alone. */
const COUNTING_LOCK = 4_104_001;
/** Whoever adds to roll-ups and cohorts holds it, from then to its commit: the last lock that is taken. */
const ADDING_LOCK = 4_104_002;

export async function joinCounting(tx: FastTransaction): Promise<void> {
  await tx.query({ name: "usage_join", text: `select pg_advisory_xact_lock_shared(${COUNTING_LOCK})` });
}

export async function stopCounting(tx: FastTransaction): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(${COUNTING_LOCK})`);
}

export type InboxRow = Row & { readonly outcome: unknown };

/** Up to `limit` rows, oldest first, gone from the inbox when the transaction commits. Other ingesters skip them. */
export async function takeInbox(tx: FastTransaction, limit: number): Promise<InboxRow[]> {
  const { rows } = await tx.query<InboxRow>(
    {
      name: "usage_take",
      text: `with taken as materialized (select id from usage_inbox order by id limit $1 for update skip locked)
        delete from usage_inbox i using taken where i.id = taken.id
        returning i.tenant_id as "tenantId", i.run_id as "runId", i.attempt, i.at, i.outcome`,
    },
    [limit],
  );
  return rows;
}

export async function addToInbox(tx: FastTransaction, rows: readonly InboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into usage_inbox (tenant_id, run_id, attempt, at, outcome)
     select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::jsonb[])`,
    [
      rows.map(({ tenantId }) => tenantId),
      rows.map(({ runId }) => runId),
      rows.map(({ attempt }) => attempt),
      rows.map(({ at }) => at),
      rows.map(({ outcome }) => JSON.stringify(outcome)),
    ],
  );
}

/** Partitions for the month of each date and the one before it. */
export async function ensurePartitions(tx: FastTransaction, dates: readonly Date[]): Promise<number> {
  let made = 0;
  for (const date of dates) {
    const { rows } = await tx.query<{ made: number }>("select ensure_outcome_partitions($1::date) as made", [date]);
    made += rows[0]?.made ?? 0;
  }
  return made;
}

export type TenantPrices = { readonly currency: string; readonly books: readonly PriceBook[] };

export async function findPrices(tx: FastTransaction, tenantIds: readonly string[]): Promise<Map<string, TenantPrices>> {
  const { rows } = await tx.query<{
    tenantId: string;
    currency: string;
    revision: number | null;
    prices: Prices;
    bookCurrency: string;
    validFrom: Date;
  }>(
    {
      name: "usage_prices",
      text: `select t.id as "tenantId", t.currency, b.revision, b.prices, b.currency as "bookCurrency", b.valid_from as "validFrom"
        from tenants t left join price_books b on b.tenant_id = t.id where t.id = any ($1::uuid[])`,
    },
    [tenantIds],
  );
  const found = new Map<string, { currency: string; books: PriceBook[] }>();
  for (const { tenantId, currency, revision, prices, bookCurrency, validFrom } of rows) {
    const known = found.get(tenantId) ?? { currency, books: [] };
    if (revision !== null) known.books.push({ revision, currency: bookCurrency, prices, validFrom });
    found.set(tenantId, known);
  }
  return found;
}

export async function findSources(tx: FastTransaction, versionIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await tx.query<{ id: string; source: string }>("select id, source from template_versions where id = any ($1::uuid[])", [
    versionIds,
  ]);
  return new Map(rows.map(({ id, source }) => [id, source]));
}

const OUTCOME_COLUMNS: readonly (readonly [string, string, (outcome: Outcome) => unknown])[] = [
  ["tenant_id", "uuid", (o) => o.tenantId],
  ["run_id", "uuid", (o) => o.runId],
  ["attempt", "int", (o) => o.attempt],
  ["at", "timestamptz", (o) => o.at],
  ["template_id", "uuid", (o) => o.templateId],
  ["version_id", "uuid", (o) => o.versionId],
  ["channel_id", "uuid", (o) => o.channelId],
  ["host_id", "uuid", (o) => o.hostId],
  ["state", "text", (o) => o.state],
  ["error_kind", "text", (o) => o.errorKind],
  ["duration_ms", "float8", (o) => o.durationMs],
  ["wait_ms", "float8", (o) => o.waitMs],
  ["cpu_us", "bigint", (o) => o.cpuUs],
  ["memory_mib_ms", "bigint", (o) => o.memoryMibMs],
  ["cost_nanos", "bigint", (o) => o.costNanos],
  ["used_nanos", "bigint", (o) => o.usedNanos],
  ["slow", "bool", (o) => o.slow],
  ["rollout_id", "uuid", (o) => o.rolloutId],
  ["step", "int", (o) => o.step],
  ["cohort", "text", (o) => o.cohort],
  ["sticky_hash", "bigint", (o) => o.stickyHash],
];

const INSERT_OUTCOMES = (() => {
  const names = OUTCOME_COLUMNS.map(([name]) => name).join(", ");
  const arrays = OUTCOME_COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ");
  const bad = OUTCOME_COLUMNS.length + 1;
  return `insert into run_outcomes (${names}, bad)
    select ${names}, string_to_array(nullif(bad, ''), ',') from unnest(${arrays}, $${bad}::text[]) as s (${names}, bad)
    where not $${bad + 1}::bool
      or not exists (select from run_outcomes o where o.run_id = s.run_id and o.attempt = s.attempt and (o.state = 'lost' or o.duration_ms is not null))
    on conflict do nothing returning run_id as "runId", attempt, at`;
})();

/**
 * Inserts what is not there yet, and answers that. `unlessCharged`: only attempts whose reservation nobody has charged yet, for what a host
 * says of attempts it lost: it may have lost no more than the answer to a result that counted.
 */
export async function insertOutcomes(
  tx: FastTransaction,
  outcomes: readonly Outcome[],
  { unlessCharged = false }: { unlessCharged?: boolean } = {},
): Promise<Outcome[]> {
  if (outcomes.length === 0) return [];
  const ordered = outcomes.toSorted((a, b) =>
    a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : a.attempt - b.attempt || a.at.getTime() - b.at.getTime(),
  );
  const { rows } = await tx.query<{ runId: string; attempt: number; at: Date }>({ name: "usage_outcomes", text: INSERT_OUTCOMES }, [
    ...OUTCOME_COLUMNS.map(([, , value]) => ordered.map(value)),
    ordered.map(({ bad }) => bad.join(",")),
    unlessCharged,
  ]);
  // The same outcome may be in a batch twice: it was inserted once, and is counted once.
  if (rows.length === ordered.length) return ordered;
  const inserted = new Set(rows.map(keyOf));
  return ordered.filter((outcome) => inserted.delete(keyOf(outcome)));
}

function keyOf({ runId, attempt, at }: { runId: string; attempt: number; at: Date }): string {
  return `${runId} ${attempt} ${at.getTime()}`;
}

const SUM_COLUMNS = SUMS.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const KEY_COLUMNS = ["tenant_id", "grain_seconds", "bucket", "template_id", "version_id", "channel_id"];

const KEYS_SAID = `unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[]) with ordinality as s (${KEY_COLUMNS.join(", ")}, n)`;

const ADD_ROLLUPS = (() => {
  const keys = ["uuid", "int", "timestamptz", "uuid", "uuid", "uuid"];
  const types = [...keys, ...SUM_COLUMNS.map(() => "bigint"), "bytea", "bytea"];
  const names = [...KEY_COLUMNS, ...SUM_COLUMNS, "duration_sketch", "wait_sketch"].join(", ");
  return `insert into usage_rollups (${names}) select * from unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(", ")})
    on conflict (${KEY_COLUMNS.join(", ")}) do update set duration_sketch = excluded.duration_sketch, wait_sketch = excluded.wait_sketch,
      ${SUM_COLUMNS.map((name) => `${name} = usage_rollups.${name} + excluded.${name}`).join(", ")}`;
})();

/**
 * Adds roll-ups to those that are there. Sketches are merged here, between reading and writing: until the transaction ends nobody else
 * adds any.
 */
export async function addRollups(tx: FastTransaction, rollups: readonly Rollup[]): Promise<void> {
  if (rollups.length === 0) return;
  await tx.query({ name: "usage_add_alone", text: `select pg_advisory_xact_lock(${ADDING_LOCK})` });
  const { rows } = await tx.query<{ n: number; durations: Buffer | null; waits: Buffer | null }>(
    {
      name: "usage_sketches",
      text: `select s.n, r.duration_sketch as durations, r.wait_sketch as waits from ${KEYS_SAID} join usage_rollups r using (${KEY_COLUMNS.join(", ")})`,
    },
    keysOf(rollups),
  );
  for (const { n, durations, waits } of rows) {
    const rollup = rollups[n - 1];
    if (durations !== null) rollup?.durations.merge(Sketch.decode(durations));
    if (waits !== null) rollup?.waits.merge(Sketch.decode(waits));
  }
  await tx.query({ name: "usage_rollups", text: ADD_ROLLUPS }, [
    ...keysOf(rollups),
    ...SUMS.map((name) => rollups.map(({ sums }) => sums[name])),
    rollups.map(({ durations }) => durations.encode()),
    rollups.map(({ waits }) => waits.encode()),
  ]);
}

function keysOf(rollups: readonly Rollup[]) {
  return [
    rollups.map(({ tenantId }) => tenantId),
    rollups.map(({ grainSeconds }) => grainSeconds),
    rollups.map(({ bucket }) => bucket),
    rollups.map(({ templateId }) => templateId),
    rollups.map(({ versionId }) => versionId),
    rollups.map(({ channelId }) => channelId),
  ];
}

type CohortUnit = { readonly tenantId: string; readonly rolloutId: string; readonly step: number; readonly metric: string };

/**
 * Counts the units of rollouts: a sticky key counts once for each metric and step, whoever counts it first. Adds under the lock of {@link addRollups}.
 */
export async function addCohorts(tx: FastTransaction, outcomes: readonly Outcome[]): Promise<void> {
  const units = new Map<string, CohortUnit & { stickyHash: string; cohort: string; at: Date }>();
  for (const { tenantId, rolloutId, step, cohort, stickyHash, bad, at } of outcomes) {
    if (rolloutId === null || step === null || cohort === null || stickyHash === null) continue;
    for (const metric of ["samples", ...bad]) {
      const key = `${rolloutId} ${String(step).padStart(6, "0")} ${metric} ${stickyHash}`;
      const known = units.get(key);
      if (!known || at > known.at) units.set(key, { tenantId, rolloutId, step, metric, stickyHash, cohort, at });
    }
  }
  if (units.size === 0) return;
  const ordered = [...units].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, unit]) => unit);
  await tx.query(
    {
      name: "usage_cohorts",
      text: `with said as (
          select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])
            with ordinality as s (tenant_id, rollout_id, step, metric, sticky_hash, cohort, at, n)
        ), fresh as (
          insert into cohort_keys (tenant_id, rollout_id, step, metric, sticky_hash)
          select tenant_id, rollout_id, step, metric, sticky_hash from said order by n on conflict do nothing
          returning rollout_id, step, metric, sticky_hash
        )
        insert into cohort_counts (tenant_id, rollout_id, step, cohort, metric, units, last_at)
        select tenant_id, rollout_id, step, cohort, metric, count(*), max(at) from fresh join said using (rollout_id, step, metric, sticky_hash)
        group by tenant_id, rollout_id, step, cohort, metric order by tenant_id, rollout_id, step, cohort, metric
        on conflict (tenant_id, rollout_id, step, cohort, metric) do update
          set units = cohort_counts.units + excluded.units, last_at = greatest(cohort_counts.last_at, excluded.last_at)`,
    },
    [
      ordered.map(({ tenantId }) => tenantId),
      ordered.map(({ rolloutId }) => rolloutId),
      ordered.map(({ step }) => step),
      ordered.map(({ metric }) => metric),
      ordered.map(({ stickyHash }) => stickyHash),
      ordered.map(({ cohort }) => cohort),
      ordered.map(({ at }) => at),
    ],
  );
}

export type CohortCount = {
  readonly step: number;
  readonly cohort: "baseline" | "canary";
  readonly metric: "samples" | "failed" | "slow" | "dear";
  readonly units: number;
  readonly lastAt: Date;
};

export async function listCohortCounts(tx: FastTransaction, rolloutId: string): Promise<CohortCount[]> {
  const { rows } = await tx.query<CohortCount>(
    `select step, cohort, metric, units, last_at as "lastAt" from cohort_counts where rollout_id = $1 order by step, cohort, metric`,
    [rolloutId],
  );
  return rows;
}

/** Counted outcomes of a tenant in `[from, to)`, a page at a time, for counting them anew. */
export async function pageOutcomes(
  tx: FastTransaction,
  { tenantId, from, to, after, limit }: { tenantId: string; from: Date; to: Date; after: Row | null; limit: number },
): Promise<Outcome[]> {
  const { rows } = await tx.query<Outcome>(
    `select tenant_id as "tenantId", run_id as "runId", attempt, at, template_id as "templateId", version_id as "versionId",
       channel_id as "channelId", host_id as "hostId", state, error_kind as "errorKind", duration_ms as "durationMs", wait_ms as "waitMs",
       cpu_us as "cpuUs", memory_mib_ms as "memoryMibMs", cost_nanos as "costNanos", used_nanos as "usedNanos", slow,
       rollout_id as "rolloutId", step, cohort, sticky_hash::text as "stickyHash", coalesce(bad, '{}') as bad
     from run_outcomes where tenant_id = $1 and at >= $2 and at < $3 and ($4::timestamptz is null or (at, run_id, attempt) > ($4, $5::uuid, $6::int))
     order by at, run_id, attempt limit $7`,
    [tenantId, from, to, after?.at ?? null, after?.runId ?? null, after?.attempt ?? null, limit],
  );
  return rows;
}

/** The first day whose outcomes are kept; null when none ever were. */
export async function findOldestKept(tx: FastTransaction): Promise<Date | null> {
  const { rows } = await tx.query<{ oldest: Date | null }>(
    `select min(to_date(right(c.relname, 6), 'YYYYMM'))::timestamptz as oldest from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'run_outcomes'::regclass and c.relname ~ '^run_outcomes_[0-9]{6}$'`,
  );
  return rows[0]?.oldest ?? null;
}

export async function clearRollups(tx: FastTransaction, { tenantId, from, to }: { tenantId: string; from: Date; to: Date }): Promise<void> {
  await tx.query("delete from usage_rollups where tenant_id = $1 and bucket >= $2 and bucket < $3", [tenantId, from, to]);
}
