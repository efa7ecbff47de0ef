/** Signing keys in PostgreSQL, under row-level security: whoever reads a sealed key reads it as its tenant. */
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { SigningKey, SigningKeyState } from "./signing-key.ts";

export type SigningKeyRow = SigningKey & {
  readonly tenantId: string;
  /** Base64 of the SHA-256 of the SPKI. */
  readonly hint: string;
  /** Base64 of the DER. */
  readonly spki: string;
};

const KEY = `id, tenant_id as "tenantId", hint, public_key as spki, state, not_before as "notBefore", not_after as "notAfter",
  distrusted_from as "distrustedFrom"`;

/** Until the transaction ends, nobody else changes the tenant's keys: also where there is none yet to lock. */
export async function lockKeys(tx: FastTransaction, tenantId: string): Promise<SigningKeyRow[]> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`agent-factory.signing-keys.${tenantId}`]);
  // A signer holds its key with FOR SHARE until its attestation is stored: the moment of rotation comes after that.
  const { rows } = await tx.query<SigningKeyRow>(`select ${KEY} from signing_keys order by not_before, id for update`);
  return rows;
}

export async function findActive(tx: FastTransaction): Promise<(SigningKeyRow & { sealed: unknown }) | null> {
  const { rows } = await tx.query<SigningKeyRow & { sealed: unknown }>(
    `select ${KEY}, sealed_private_key as sealed from signing_keys where state = 'active'`,
  );
  return rows[0] ?? null;
}

/** The key, unchanged until the transaction ends. */
export async function holdKey(tx: FastTransaction, hint: string): Promise<SigningKeyRow | null> {
  const { rows } = await tx.query<SigningKeyRow>(`select ${KEY} from signing_keys where hint = $1 for share`, [hint]);
  return rows[0] ?? null;
}

export type NewKey = {
  readonly tenantId: string;
  readonly hint: string;
  readonly spki: string;
  readonly sealed: unknown;
  readonly state: SigningKeyState;
  readonly notBefore: Date;
};

export async function insertKey(tx: FastTransaction, key: NewKey): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into signing_keys (tenant_id, hint, public_key, sealed_private_key, state, not_before)
     values ($1, $2, $3, $4::jsonb, $5::signing_key_state, $6) returning id`,
    [key.tenantId, key.hint, key.spki, JSON.stringify(key.sealed), key.state, key.notBefore],
  );
  return rows[0]?.id ?? "";
}

export async function setState(tx: FastTransaction, keyId: string, state: SigningKeyState, notAfter?: Date): Promise<void> {
  await tx.query("update signing_keys set state = $2::signing_key_state, not_after = coalesce($3, not_after) where id = $1", [
    keyId,
    state,
    notAfter ?? null,
  ]);
}

/** What nothing may sign with any more is not kept. */
export async function erasePrivateKey(tx: FastTransaction, keyId: string): Promise<void> {
  await tx.query(`update signing_keys set sealed_private_key = '{"erased": true}'::jsonb where id = $1`, [keyId]);
}

/** Distrust only ever reaches further back. */
export async function setDistrusted(tx: FastTransaction, keyId: string, from: Date, reason: string): Promise<void> {
  await tx.query("update signing_keys set distrusted_from = least(distrusted_from, $2), distrust_reason = $3 where id = $1", [
    keyId,
    from,
    reason,
  ]);
}

/** Of all tenants, or of some: what verifiers must know, retired keys included. System role. */
export async function listPublicKeys(tx: FastTransaction, tenants: "all" | readonly string[]): Promise<SigningKeyRow[]> {
  const { rows } = await tx.query<SigningKeyRow>(
    `select ${KEY} from signing_keys where $1::uuid[] is null or tenant_id = any ($1) order by not_before, id`,
    [tenants === "all" ? null : tenants],
  );
  return rows;
}

/** Of all tenants, those that rotation may still owe something. System role. */
export async function listLiveKeys(tx: FastTransaction): Promise<SigningKeyRow[]> {
  const { rows } = await tx.query<SigningKeyRow>(
    `select ${KEY} from signing_keys where state <> 'retired' order by tenant_id, not_before, id`,
  );
  return rows;
}

export type ListedKey = SigningKeyRow & { readonly createdAt: Date; readonly distrustReason: string | null; readonly signatures: number };

/** Newest first, with how many attestations each signed. */
export async function listKeys(tx: FastTransaction): Promise<ListedKey[]> {
  const { rows } = await tx.query<ListedKey>(
    `select ${KEY}, created_at as "createdAt", distrust_reason as "distrustReason",
       (select count(*)::int from attestations a where a.key_hint = k.hint) as signatures
     from signing_keys k order by not_before desc, id desc`,
  );
  return rows;
}
