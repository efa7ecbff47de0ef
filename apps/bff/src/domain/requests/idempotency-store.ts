/** Claims and kept answers in PostgreSQL: one row a caller and key; the insert settles who acts. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type ClaimKey = { readonly tenantId: string; readonly tokenId: string; readonly key: string };
export type Claim = { readonly requestHash: string; readonly status: number | null; readonly body: unknown };

/**
 * The act's id when the caller is to act, else null. A claim without an answer older than `lapsed`, and anything older than `forgotten`, is
 * anybody's again; the same request whose outcome nobody knows is the same act.
 */
export async function claim(
  tx: FastTransaction,
  { tenantId, tokenId, key }: ClaimKey,
  requestHash: string,
  times: { readonly now: Date; readonly forgotten: Date; readonly lapsed: Date },
): Promise<string | null> {
  const { rows } = await tx.query<{ actId: string }>(
    `insert into idempotency_keys as k (tenant_id, token_id, key, request_hash, created_at) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, token_id, key) do update
       set created_at = excluded.created_at, request_hash = excluded.request_hash, status = null, response = null,
         act_id = case when k.status is null and k.created_at >= $6 and k.request_hash = excluded.request_hash then k.act_id else excluded.act_id end
     where k.created_at < $6 or (k.status is null and k.created_at < $7) returning k.act_id as "actId"`,
    [tenantId, tokenId, key, requestHash, times.now, times.forgotten, times.lapsed],
  );
  return rows[0]?.actId ?? null;
}

export async function findClaim(tx: FastTransaction, { tenantId, tokenId, key }: ClaimKey): Promise<Claim | null> {
  const { rows } = await tx.query<Claim>(
    `select request_hash as "requestHash", status, response as body from idempotency_keys where tenant_id = $1 and token_id = $2 and key = $3`,
    [tenantId, tokenId, key],
  );
  return rows[0] ?? null;
}

export async function keepAnswer(tx: FastTransaction, { tenantId, tokenId, key }: ClaimKey, status: number, body: unknown): Promise<void> {
  await tx.query("update idempotency_keys set status = $4, response = $5::jsonb where tenant_id = $1 and token_id = $2 and key = $3", [
    tenantId,
    tokenId,
    key,
    status,
    JSON.stringify(body),
  ]);
}

/** Gives up a claim whose act failed. */
export async function dropClaim(tx: FastTransaction, { tenantId, tokenId, key }: ClaimKey): Promise<void> {
  await tx.query("delete from idempotency_keys where tenant_id = $1 and token_id = $2 and key = $3 and status is null", [
    tenantId,
    tokenId,
    key,
  ]);
}

export async function deleteOlder(tx: FastTransaction, before: Date, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `delete from idempotency_keys where (tenant_id, token_id, key) in
       (select tenant_id, token_id, key from idempotency_keys where created_at < $1 limit $2)`,
    [before, limit],
  );
  return rowCount ?? 0;
}
