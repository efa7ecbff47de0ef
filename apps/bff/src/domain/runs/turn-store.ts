/** Turns in the queue of runs, in SQL: whose run comes before whose. */
import type { FastTransaction } from "../../platform/fast-database.ts";

/** The row of `tenant_queues` that is the queue's own clock: the virtual start of the run leased last. Tenants may read it. */
export const QUEUE_CLOCK = "00000000-0000-0000-0000-000000000000";

/** Where the last of some reserved turns ends in virtual time, and how far a turn goes in it: 1 / weight. */
export type Turns = { readonly virtualTime: number; readonly weight: number };

/**
 * Turns in the queue for so many runs of a tenant: start-time fair queueing (P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996). A tenant's runs start
 * where its last one ended in virtual time, or now if that is later; its weight stretches the steps.
 *
 * A statement of its own, before the transaction that submits: held until that one's commit, the tenant's row would let its submissions
 * through one after the other. For the same reason nobody waits for the disk: a crash forgets turns that are no longer ahead of the queue's
 * clock, at worst. Turns that are then not used are given back: {@link returnTurns}.
 */
export async function reserveTurns(system: FastTransaction, tenantId: string, count: number): Promise<Turns> {
  const { rows } = await system.query<Turns>(
    {
      name: "runs_reserve_turns",
      text: `with unhurried as materialized (select set_config('synchronous_commit', 'off', true))
        insert into tenant_queues (tenant_id, virtual_time)
        select $1, coalesce((select virtual_time from tenant_queues where tenant_id = '${QUEUE_CLOCK}'), 0) + $2::float8 from unhurried
        on conflict (tenant_id) do update
          set virtual_time = greatest(tenant_queues.virtual_time, excluded.virtual_time - $2::float8) + $2::float8 / tenant_queues.weight
        returning virtual_time as "virtualTime", weight`,
    },
    [tenantId, count],
  );
  if (!rows[0]) throw new Error("the queue gave no turns");
  return rows[0];
}

/** A tenant is not put behind others for runs that were refused. */
export async function returnTurns(system: FastTransaction, tenantId: string, count: number): Promise<void> {
  await system.query(
    {
      name: "runs_return_turns",
      text: `with unhurried as materialized (select set_config('synchronous_commit', 'off', true))
        update tenant_queues set virtual_time = virtual_time - $2::float8 / weight from unhurried where tenant_id = $1`,
    },
    [tenantId, count],
  );
}
