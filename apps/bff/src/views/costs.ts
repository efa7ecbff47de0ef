/**
 * What runs cost, by template, version, channel or day. The figures are the roll-ups that budgets and verdicts read; costs were computed
 * once, when an attempt was counted, and are only summed here, in whole nanos, so every grouping adds up to the same total.
 */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { NONE } from "../domain/usage/rollup.ts";
import type { FastTransaction } from "../platform/fast-database.ts";

export type CostBy = "template" | "version" | "channel" | "day";
export type Period = { from: string; to: string };
export type CostsQuery = Period & { by: CostBy; basis: "allocated" | "used"; compareWith?: Period | undefined };

export type CostRow = {
  /** The id of what it is, a day `2031-05-14`, `none` (tries have no version, runs by range no channel) or `other` (all beyond the first {@link ROWS_MAX}). */
  key: string;
  /** A name; null for `none` and `other`, which the console puts in words. */
  label: string | null;
  href: string | null;
  /** Micros of the currency, to a thousandth: runs of a few milliseconds cost less than one. */
  amount: number;
  previous: number | null;
  runs: number;
  series: { bucket: string; amount: number }[];
};

export type Costs = {
  currency: string;
  total: number;
  previousTotal: number | null;
  bucketSeconds: number;
  rows: CostRow[];
  series: { bucket: string; amounts: Record<string, number> }[];
  /** What the tenant's own hosts cost while nobody used them; null: it has none that said so. */
  idle: number | null;
};

export type CostsView = (actor: Actor, query: CostsQuery) => Promise<Costs>;

const NANOS_A_MICRO = 1_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SPAN_MS_MAX = 400 * DAY_MS;
export const ROWS_MAX = 200;
const OTHER = "other";

/** What stands for the key in SQL, and what to join for its name. Texts of ours, never of a caller. */
const KEYS: Record<CostBy, string> = {
  template: "u.template_id::text",
  version: "case when u.version_id = $1::uuid then 'none' else u.version_id::text end",
  channel: "case when u.channel_id = $1::uuid then 'none' else u.channel_id::text end",
  day: "to_char(u.bucket, 'YYYY-MM-DD')",
};

const AMOUNTS = { allocated: "allocated_nanos", used: "used_nanos" } as const;

export function createCostsView({ access }: { access: Access }): CostsView {
  return (actor, query) =>
    access.readFast({ actor, action: "usage.read", resource: { kind: "usage", id: "*" } }, async (tx) => {
      const period = spanOf(query);
      const before = query.compareWith ? spanOf(query.compareWith) : null;
      const bucketMs = query.by === "day" || period.to.getTime() - period.from.getTime() > 3 * DAY_MS ? DAY_MS : HOUR_MS;
      const parts = await bucketed(tx, query, period, bucketMs);
      const previous = before ? await totals(tx, query, before) : null;
      const names = await namesOf(tx, query.by);
      const { rows: tenants } = await tx.query<{ currency: string }>("select currency from tenants where id = $1", [actor.tenantId]);
      const counted = rowsOf(parts, previous, names);
      const rows = counted.map(inMicros);
      return {
        currency: tenants[0]?.currency ?? "EUR",
        total: sumOf(counted.map(({ amount }) => amount)) / NANOS_A_MICRO,
        previousTotal: previous ? sumOf(previous.values()) / NANOS_A_MICRO : null,
        bucketSeconds: bucketMs / 1_000,
        rows,
        series: seriesOf(rows, period, bucketMs),
        idle: await idleIn(tx, period),
      };
    });
}

/** What was counted in nanos, as it is told. */
function inMicros(row: CostRow): CostRow {
  return {
    ...row,
    amount: row.amount / NANOS_A_MICRO,
    previous: row.previous === null ? null : row.previous / NANOS_A_MICRO,
    series: row.series.map(({ bucket, amount }) => ({ bucket, amount: amount / NANOS_A_MICRO })),
  };
}

function sumOf(amounts: Iterable<number>): number {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum;
}

type Span = { readonly from: Date; readonly to: Date };
type Part = { readonly key: string; readonly bucket: Date; readonly amount: number; readonly runs: number };
type Name = { readonly label: string; readonly href: string | null };

/** @throws Failure `usage.period-invalid` */
export function spanOf({ from, to }: Period): Span {
  const span = { from: new Date(from), to: new Date(to) };
  const lengthMs = span.to.getTime() - span.from.getTime();
  if (!(lengthMs > 0) || lengthMs > SPAN_MS_MAX)
    throw new Failure("invalid", "usage.period-invalid", "A period ends after it begins, at most 400 days later", { from, to });
  return span;
}

/** The coarsest grain whose buckets lie wholly inside or outside of the span. */
export function grainOf({ from, to }: Span): number {
  return [86_400, 3_600].find((seconds) => [from, to].every((moment) => moment.getTime() % (seconds * 1_000) === 0)) ?? 60;
}

/** Parameters: what stands for "none", the grain, the span. */
const IN_SPAN = "u.grain_seconds = $2 and u.bucket >= $3 and u.bucket < $4 and $1::uuid is not null";

/**
 * What is beyond the dearest {@link ROWS_MAX} is one part a bucket already here. The roll-ups are read twice: to look for the dearest in sums
 * of every key and bucket would spill them to disk.
 */
async function bucketed(tx: FastTransaction, { by, basis }: CostsQuery, span: Span, bucketMs: number): Promise<Part[]> {
  const grain = Math.min(grainOf(span), bucketMs / 1_000);
  const { rows } = await tx.query<Part>(
    `with dearest as (
       select ${KEYS[by]} as key from usage_rollups u where ${IN_SPAN} group by 1 order by sum(u.${AMOUNTS[basis]}) desc, 1 limit $6
     )
     select coalesce(d.key, '${OTHER}') as key, date_trunc($5, u.bucket) as bucket, sum(u.${AMOUNTS[basis]})::float8 as amount, sum(u.runs)::bigint as runs
       from usage_rollups u left join dearest d on d.key = ${KEYS[by]} where ${IN_SPAN} group by d.key, 2 order by 2`,
    [NONE, grain, span.from, span.to, bucketMs === DAY_MS ? "day" : "hour", ROWS_MAX],
  );
  return rows;
}

async function totals(tx: FastTransaction, { by, basis }: CostsQuery, span: Span): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ key: string; amount: number }>(
    `select ${KEYS[by]} as key, sum(u.${AMOUNTS[basis]})::float8 as amount
       from usage_rollups u where ${IN_SPAN} group by 1`,
    [NONE, grainOf(span), span.from, span.to],
  );
  return new Map(rows.map(({ key, amount }) => [key, amount]));
}

async function namesOf(tx: FastTransaction, by: CostBy): Promise<(key: string) => Name | null> {
  if (by === "day") return (key) => (key === OTHER ? null : { label: key, href: null });
  const { rows } = await tx.query<Name & { id: string }>(
    {
      template: `select id, title as label, '/templates/' || name as href from templates`,
      version: `select v.id, t.name || ' ' || v.semver as label, '/templates/' || t.name || '/versions/' || v.semver as href
                  from template_versions v join templates t on t.id = v.template_id`,
      channel: `select c.id, t.name || ' ' || c.name as label, '/templates/' || t.name as href from channels c join templates t on t.id = c.template_id`,
    }[by],
  );
  const names = new Map(rows.map(({ id, label, href }) => [id, { label, href }]));
  return (key) => names.get(key) ?? null;
}

/** Dearest first (days in order); what is beyond the bound is one row, so that the rows still add up. */
function rowsOf(parts: readonly Part[], previous: ReadonlyMap<string, number> | null, nameOf: (key: string) => Name | null): CostRow[] {
  const rows = new Map<string, CostRow>();
  const rowOf = (key: string): CostRow => {
    const known = rows.get(key);
    if (known) return known;
    const row = { key, label: null, href: null, ...nameOf(key), amount: 0, previous: previous ? 0 : null, runs: 0, series: [] };
    rows.set(key, row);
    return row;
  };
  for (const { key, bucket, amount, runs } of parts) {
    const row = rowOf(key);
    row.amount += amount;
    row.runs += runs;
    row.series.push({ bucket: bucket.toISOString(), amount });
  }
  for (const [key, amount] of previous ?? []) rowOf(key).previous = amount;
  const beyond = rows.get(OTHER);
  rows.delete(OTHER);
  const sorted = [...rows.values()].sort(
    (a, b) => b.amount - a.amount || (b.previous ?? 0) - (a.previous ?? 0) || (a.key < b.key ? -1 : 1),
  );
  const [shown, rest] = [sorted.slice(0, ROWS_MAX), [...sorted.slice(ROWS_MAX), ...(beyond ? [beyond] : [])]];
  if (rest.length === 0) return shown;
  const buckets = new Map<string, number>();
  for (const { series } of rest) for (const { bucket, amount } of series) buckets.set(bucket, (buckets.get(bucket) ?? 0) + amount);
  return [
    ...shown,
    {
      key: OTHER,
      label: null,
      href: null,
      amount: rest.reduce((sum, { amount }) => sum + amount, 0),
      previous: previous ? rest.reduce((sum, row) => sum + (row.previous ?? 0), 0) : null,
      runs: rest.reduce((sum, { runs }) => sum + runs, 0),
      series: [...buckets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([bucket, amount]) => ({ bucket, amount })),
    },
  ];
}

/** Every bucket of the span, also those in which nothing cost anything. */
function seriesOf(rows: readonly CostRow[], { from, to }: Span, bucketMs: number): Costs["series"] {
  const series: Costs["series"] = [];
  const at = new Map<string, Record<string, number>>();
  for (let start = Math.floor(from.getTime() / bucketMs) * bucketMs; start < to.getTime(); start += bucketMs) {
    const bucket = new Date(start).toISOString();
    const amounts = {};
    at.set(bucket, amounts);
    series.push({ bucket, amounts });
  }
  for (const row of rows) {
    for (const { bucket, amount } of row.series) {
      const amounts = at.get(bucket);
      if (amounts) amounts[row.key] = amount;
    }
  }
  return series;
}

async function idleIn(tx: FastTransaction, { from, to }: Span): Promise<number | null> {
  const { rows } = await tx.query<{ idle: number | null }>(
    "select sum(idle_micros)::bigint as idle from host_usage where bucket >= $1 and bucket < $2",
    [from, to],
  );
  return rows[0]?.idle ?? null;
}
