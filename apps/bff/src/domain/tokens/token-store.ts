/** Service tokens in PostgreSQL. Tenants see their own; only the loop that asks whose a secret is sees all. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type NewToken = {
  readonly tenantId: string | null;
  readonly name: string;
  readonly secretHash: string;
  readonly roles: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** Those that were not revoked, held until the transaction ends. */
export async function holdUnrevoked(tx: FastTransaction, now: Date): Promise<{ name: string; expired: boolean }[]> {
  const { rows } = await tx.query<{ name: string; expired: boolean }>(
    "select name, expires_at <= $1 as expired from service_tokens where revoked_at is null for update",
    [now],
  );
  return rows;
}

export async function insertToken(tx: FastTransaction, token: NewToken): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into service_tokens (tenant_id, name, secret_hash, roles, created_by, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [token.tenantId, token.name, token.secretHash, token.roles, token.createdBy, token.createdAt, token.expiresAt],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error("a token that was inserted has no id");
  return id;
}

export type TokenRow = {
  readonly id: string;
  readonly name: string;
  readonly roles: string[];
  readonly createdAt: Date;
  readonly createdByName: string;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

/** Newest first; those that ended before `since` are left out. */
export async function listTokens(tx: FastTransaction, since: Date): Promise<TokenRow[]> {
  const { rows } = await tx.query<TokenRow>(
    `select t.id, t.name, t.roles, t.created_at as "createdAt", coalesce(m.name, t.created_by) as "createdByName", t.expires_at as "expiresAt",
            t.last_used_at as "lastUsedAt", t.revoked_at as "revokedAt"
       from service_tokens t left join members m on m.tenant_id = t.tenant_id and m.user_id::text = t.created_by
      where coalesce(t.revoked_at, t.expires_at) > $1 order by t.created_at desc, t.id desc limit 500`,
    [since],
  );
  return rows;
}

/** When it was revoked first; null when there is no such token. */
export async function revokeToken(tx: FastTransaction, tokenId: string, now: Date): Promise<{ name: string; revokedAt: Date } | null> {
  const { rows } = await tx.query<{ name: string; revokedAt: Date }>(
    `update service_tokens set revoked_at = coalesce(revoked_at, $2) where id = $1 returning name, revoked_at as "revokedAt"`,
    [tokenId, now],
  );
  return rows[0] ?? null;
}

export type LiveToken = {
  readonly tenantId: string;
  readonly name: string;
  readonly roles: string[];
  readonly secretHash: string;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
};

export async function findLiveToken(tx: FastTransaction, tokenId: string, now: Date): Promise<LiveToken | null> {
  const { rows } = await tx.query<LiveToken>(
    {
      name: "tokens_find",
      text: `select tenant_id as "tenantId", name, roles, secret_hash as "secretHash", expires_at as "expiresAt", last_used_at as "lastUsedAt"
               from service_tokens where id = $1 and revoked_at is null and expires_at > $2`,
    },
    [tokenId, now],
  );
  return rows[0] ?? null;
}

export async function noteUse(tx: FastTransaction, tokenId: string, now: Date): Promise<void> {
  await tx.query("update service_tokens set last_used_at = $2 where id = $1", [tokenId, now]);
}
