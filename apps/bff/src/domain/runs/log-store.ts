/** What runs print, in SQL: appended in batches, idempotent by (run, attempt, seq), bounded per attempt, deleted when old. */
import type { HostFrame } from "@agent-factory/protocol";
import type { FastTransaction } from "../../platform/fast-database.ts";
import { storable } from "./run.ts";

export type LogEntry = Extract<HostFrame, { t: "log" }>["entries"][number];

/** Rows cost more than their text: an entry counts for this much on top, so that empty lines end too. */
const ENTRY_BYTES = 24;
/** The host bounds what it sends; this much more is kept before the registry does so itself. */
const SLACK_FACTOR = 4;
/** The last row of a log that was cut. */
const SEQ_CUT = 2_147_483_647;

/** Keeps the entries of runs that this host holds; answers the runs whose log grew. */
export async function appendEntries(tx: FastTransaction, hostId: string, entries: readonly LogEntry[], now: Date): Promise<string[]> {
  const { rows } = await tx.query<{ runId: string; cut: boolean; tenantId: string; attempt: number }>(
    {
      name: "logs_append",
      text: `with said as (
        select * from unnest($2::uuid[], $3::int[], $4::bigint[], $5::int[], $6::timestamptz[], $7::text[], $8::text[])
          as s (id, attempt, fence, seq, at, stream, text)
      ), held as (
        select r.id, r.attempt, r.fence, r.tenant_id, (r.limits->>'logBytes')::bigint * ${SLACK_FACTOR} as most,
          (select coalesce(sum(octet_length(l.text) + ${ENTRY_BYTES}), 0) from run_logs l where l.run_id = r.id and l.attempt = r.attempt) as kept
        from runs r where r.id in (select id from said) and r.host_id = $1 and r.state in ('leased', 'running')
      ), wanted as (
        select said.*, held.tenant_id,
          held.kept + sum(octet_length(said.text) + ${ENTRY_BYTES}) over (partition by said.id order by said.seq) <= held.most as fits
        from said join held on held.id = said.id and held.attempt = said.attempt and held.fence = said.fence
      ), added as (
        insert into run_logs (tenant_id, run_id, attempt, seq, at, stream, text)
        select tenant_id, id, attempt, seq, at, stream, text from wanted where fits order by id, seq
        on conflict (run_id, attempt, seq) do nothing
      )
      select id as "runId", tenant_id as "tenantId", attempt, bool_or(not fits) as cut from wanted group by id, tenant_id, attempt`,
    },
    [
      hostId,
      entries.map(({ runId }) => runId),
      entries.map(({ attempt }) => attempt),
      entries.map(({ fence }) => fence),
      entries.map(({ seq }) => seq),
      entries.map(({ at }) => (Math.abs(at) <= 8.64e15 ? new Date(at) : now)),
      entries.map(({ stream }) => stream),
      entries.map(({ text }) => storable(text)),
    ],
  );
  for (const row of rows) {
    if (!row.cut) continue;
    await tx.query(
      `insert into run_logs (tenant_id, run_id, attempt, seq, at, stream, text) values ($1, $2, $3, ${SEQ_CUT}, $4, 'system', $5)
       on conflict (run_id, attempt, seq) do nothing`,
      [row.tenantId, row.runId, row.attempt, now, "The log is full: nothing more of this attempt is kept."],
    );
  }
  return rows.map(({ runId }) => runId);
}

/** Deletes one batch of entries older than `before`; answers how many there were. */
export async function deleteEntries(tx: FastTransaction, before: Date, limit: number): Promise<number> {
  const { rowCount } = await tx.query("delete from run_logs where id in (select id from run_logs where at < $1 order by id limit $2)", [
    before,
    limit,
  ]);
  return rowCount ?? 0;
}
