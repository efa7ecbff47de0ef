/** Events of runs, in SQL, once they are old. Whoever changes a run writes its events in the same statement. */
import type { FastTransaction } from "../../platform/fast-database.ts";

/**
 * Deletes one batch of events of runs that ended before `before`; answers how many there were. Runs are named in the order they were
 * submitted in (UUID version 7), and events are found by run: what was deleted is not passed again, and no other index is needed.
 */
export async function deleteEvents(tx: FastTransaction, before: Date, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from run_events where ctid = any (array(select e.ctid from run_events e join runs r on r.id = e.run_id
       where e.run_id < $1::uuid and r.finished_at < $2 order by e.run_id limit $3))`,
    [firstIdAt(before), before, limit],
  );
  return rowCount ?? 0;
}

/** The least UUID version 7 of a millisecond, without its version: no id of before is larger. */
function firstIdAt(moment: Date): string {
  const hex = moment.getTime().toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
