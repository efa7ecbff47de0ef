/**
 * One leader per loop among all registry processes: a transaction-scoped advisory lock, held for one turn. Whoever dies holding
 * it loses it with its connection; nobody has to notice.
 */
import type { FastDatabase } from "./fast-database.ts";

/** Runs `turn` when nobody else is at it, and answers what it answered; null when somebody is. Turns must be short. */
export async function asLeader<T>(fastDatabase: FastDatabase, name: string, turn: () => Promise<T>): Promise<T | null> {
  return fastDatabase.asSystem(async (tx) => {
    const { rows } = await tx.query<{ leading: boolean }>("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as leading", [
      `agent-factory.loop.${name}`,
    ]);
    return rows[0]?.leading ? turn() : null;
  });
}
