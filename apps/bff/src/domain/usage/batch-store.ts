/** Hosts' batches in SQL: numbered, so that each counts once, and what they add to a host's hours. */
import type { FastTransaction } from "../../platform/fast-database.ts";

/** Ten times what a host keeps: an hour of reports of ten seconds. */
const SAID_AGAIN_MAX = 4_096;

/**
 * Of these numbers those that were not counted yet; from now on they are. Whoever counts for the same epoch waits for the end of this
 * transaction. A host numbers its reports one after the other and says the last few hundred again at most: what is far below its highest
 * number counts as counted, so that no order of numbers makes the row grow.
 */
export async function markCounted(
  tx: FastTransaction,
  batches: { readonly hostId: string; readonly epoch: string; readonly seqs: readonly number[]; readonly receivedAt: Date },
): Promise<Set<number>> {
  const { rows } = await tx.query<{ seq: number }>(
    {
      name: "usage_mark_counted",
      text: `with said as (select distinct seq from unnest($3::bigint[]) as s (seq)),
       counted as (
         insert into usage_epochs as e (host_id, epoch, counted, received_at)
         select $1, $2, range_agg(int8range(seq, seq, '[]')) + int8multirange(int8range(0, greatest(0, max(seq) - ${SAID_AGAIN_MAX}))), $4 from said
         on conflict (host_id, epoch) do update set counted = e.counted + excluded.counted, received_at = excluded.received_at
         returning old.counted as before)
       select seq::float8 as seq from said, counted where before is null or not before @> seq`,
    },
    [batches.hostId, batches.epoch, batches.seqs, batches.receivedAt],
  );
  return new Set(rows.map(({ seq }) => seq));
}

export type MeteredHost = { readonly tenantId: string | null; readonly hostClass: string; readonly slotsTotal: number };

export async function findMeteredHost(tx: FastTransaction, hostId: string): Promise<MeteredHost | null> {
  const { rows } = await tx.query<MeteredHost>(
    {
      name: "usage_metered_host",
      text: `select tenant_id as "tenantId", coalesce(labels->>'class', 'default') as "hostClass", slots_total as "slotsTotal" from hosts where id = $1`,
    },
    [hostId],
  );
  return rows[0] ?? null;
}

export type HostHour = {
  readonly bucket: Date;
  readonly slotMs: number;
  readonly busySlotMs: number;
  readonly billMicros: number;
  readonly idleMicros: number;
  readonly batchesDropped: number;
};

/** Adds to the host's hours; each hour at most once. */
export async function addHostHours(
  tx: FastTransaction,
  host: { id: string; tenantId: string | null },
  hours: readonly HostHour[],
): Promise<void> {
  const ordered = hours.toSorted((a, b) => a.bucket.getTime() - b.bucket.getTime());
  await tx.query(
    {
      name: "usage_host_hours",
      text: `insert into host_usage (host_id, tenant_id, bucket, slot_ms, busy_slot_ms, bill_micros, idle_micros, lost_batches)
     select $1, $2, s.* from unnest($3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) as s (bucket, slot, busy, bill, idle, dropped)
      order by s.bucket
     on conflict (host_id, bucket) do update set slot_ms = host_usage.slot_ms + excluded.slot_ms,
       busy_slot_ms = host_usage.busy_slot_ms + excluded.busy_slot_ms, bill_micros = host_usage.bill_micros + excluded.bill_micros,
       idle_micros = host_usage.idle_micros + excluded.idle_micros, lost_batches = host_usage.lost_batches + excluded.lost_batches`,
    },
    [
      host.id,
      host.tenantId,
      ordered.map(({ bucket }) => bucket),
      ordered.map(({ slotMs }) => slotMs),
      ordered.map(({ busySlotMs }) => busySlotMs),
      ordered.map(({ billMicros }) => billMicros),
      ordered.map(({ idleMicros }) => idleMicros),
      ordered.map(({ batchesDropped }) => batchesDropped),
    ],
  );
}

export type LostRun = {
  readonly runId: string;
  readonly attempt: number;
  readonly tenantId: string;
  readonly templateId: string;
  readonly versionId: string | null;
  readonly channelId: string | null;
  readonly limits: { readonly cpuMillis: number; readonly memoryBytes: number };
};

/** The runs behind attempts that this host really was given; whatever else it names is nobody's. */
export async function findLostRuns(
  tx: FastTransaction,
  hostId: string,
  lost: readonly { readonly runId: string; readonly attempt: number }[],
): Promise<LostRun[]> {
  const { rows } = await tx.query<LostRun>(
    {
      name: "usage_lost_runs",
      text: `select r.id as "runId", s.attempt, r.tenant_id as "tenantId", r.template_id as "templateId", r.version_id as "versionId",
       r.channel_id as "channelId", r.limits
     from unnest($2::uuid[], $3::int[]) as s (id, attempt) join runs r on r.id = s.id
     where exists (select from run_events e where e.run_id = r.id and e.attempt = s.attempt and e.kind = 'leased' and e.data->>'hostId' = $1::text)`,
    },
    [hostId, lost.map(({ runId }) => runId), lost.map(({ attempt }) => attempt)],
  );
  return rows;
}
