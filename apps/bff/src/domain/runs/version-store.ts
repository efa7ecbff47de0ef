/**
 * Runs against the versions they are of, in SQL: a submit and a revocation never miss each other. A revocation is of what a version
 * says, its digest: hosts refuse that, so another version with the same content runs no more either.
 */
import type { FastTransaction } from "../../platform/fast-database.ts";
import { OUTCOME_COLUMNS, sayOutcomes } from "./outcome-store.ts";
import { VERSION_REVOKED } from "./run.ts";

/**
 * Whether the version may run, held so until the transaction ends: a revocation waits for us, and finds what we submitted; or we wait
 * for it, and see it.
 */
export async function holdRunnable(tx: FastTransaction, versionId: string): Promise<boolean> {
  const { rows } = await tx.query<{ state: string }>(
    {
      name: "runs_hold_version",
      text: `select state from template_versions
              where (tenant_id, digest) = (select tenant_id, digest from template_versions where id = $1) order by id for share`,
    },
    [versionId],
  );
  return rows.length > 0 && rows.every(({ state }) => state !== "revoked");
}

/** What was revoked; null when the version is not, or there is no such version. */
export async function findRevoked(tx: FastTransaction, versionId: string): Promise<{ tenantId: string; digest: string } | null> {
  const { rows } = await tx.query<{ tenantId: string; digest: string }>(
    `select tenant_id as "tenantId", digest from template_versions where id = $1 and state = 'revoked'`,
    [versionId],
  );
  return rows[0] ?? null;
}

/**
 * Ends a batch of the queued runs of versions with this content, notes on leased ones that they must end, and answers them, until there
 * is none left. Waits for rows that are just being leased: none slips through between the two states.
 */
export async function revokeRuns(
  tx: FastTransaction,
  revoked: { readonly tenantId: string; readonly digest: string },
  now: Date,
  limit: number,
): Promise<{ runId: string; hostId: string | null }[]> {
  const { rows } = await tx.query<{ runId: string; hostId: string | null }>(
    `with picked as materialized (
       select id from runs
        where tenant_id = $1 and version_id in (select v.id from template_versions v where v.tenant_id = $1 and v.digest = $2)
          and state in ('queued', 'leased', 'running') and state_reason is distinct from '${VERSION_REVOKED}' order by id limit $4 for update
     ), moved as (
       update runs r set state = case when state = 'queued' then 'cancelled' else state end, cancel_requested_at = coalesce(cancel_requested_at, $3),
         state_reason = '${VERSION_REVOKED}', finished_at = case when state = 'queued' then $3::timestamptz end
       from picked where r.id = picked.id returning ${OUTCOME_COLUMNS}, r.state_reason
     ), told as (${sayOutcomes("moved", "$3")}), noted as (
       insert into run_events (tenant_id, run_id, at, attempt, kind, data)
       select tenant_id, id, $3, attempt, case when state = 'cancelled' then 'cancelled' else 'cancel-requested' end,
         jsonb_build_object('reason', state_reason) from moved
     ) select id as "runId", host_id as "hostId" from moved`,
    [revoked.tenantId, revoked.digest, now, limit],
  );
  return rows;
}
