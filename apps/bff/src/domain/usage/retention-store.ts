/**
 * How long usage is kept: outcomes a year (whole partitions), minutes three months, hours a year, days for ever; which keys a rollout
 * counted, a week after its end; which reports of a host's process were counted, a week after its last (a host resends for an hour at most).
 */
import type { FastTransaction } from "../../platform/fast-database.ts";

const DAY_MS = 86_400_000;
const FORGET_MAX = 5_000;

export async function forgetUsage(tx: FastTransaction, now: Date): Promise<number> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const { rows } = await tx.query<{ dropped: number }>("select drop_outcome_partitions($1::date) as dropped", [before(366)]);
  let forgotten = rows[0]?.dropped ?? 0;
  for (const [sql, values] of [
    [rollupsOf(60), [before(92)]],
    [rollupsOf(3_600), [before(366)]],
    [
      `delete from cohort_keys where ctid = any (array(select k.ctid from cohort_keys k join rollouts r on r.id = k.rollout_id
         where r.ended_at < $1 limit ${FORGET_MAX}))`,
      [before(7)],
    ],
    [
      `delete from usage_epochs where ctid = any (array(select ctid from usage_epochs where received_at < $1 limit ${FORGET_MAX}))`,
      [before(7)],
    ],
  ] as const) {
    const { rowCount } = await tx.query(sql, values);
    forgotten += rowCount ?? 0;
  }
  return forgotten;
}

function rollupsOf(grainSeconds: number): string {
  return `delete from usage_rollups where ctid = any (array(select ctid from usage_rollups
    where grain_seconds = ${grainSeconds} and bucket < $1 limit ${FORGET_MAX}))`;
}
