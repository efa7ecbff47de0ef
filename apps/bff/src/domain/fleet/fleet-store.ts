/** Hosts and join tokens in PostgreSQL. Every change of a host locks its row first; a token is spent in the WHERE of one UPDATE. */
import type { PoolLevel, SandboxProof } from "@agent-factory/protocol";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { HostState, Standing } from "./host.ts";

export type HostRow = Standing & {
  readonly id: string;
  readonly tenantId: string | null;
  readonly name: string;
  readonly serves: readonly string[];
  readonly servesAll: boolean;
  readonly epoch: string | null;
  readonly revokedAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly inventory: { readonly capabilities?: readonly string[] };
};

const HOST = `id, tenant_id as "tenantId", name, serves, serves_all as "servesAll", state, state_reason as "stateReason", resume_at as "resumeAt",
  epoch, revoked_at as "revokedAt", last_seen_at as "lastSeenAt", inventory`;

export async function findHost(tx: FastTransaction, hostId: string): Promise<HostRow | null> {
  const { rows } = await tx.query<HostRow>({ name: "host_find", text: `select ${HOST} from hosts where id = $1` }, [hostId]);
  return rows[0] ?? null;
}

/** Locked until the transaction ends. A tenant may look at the platform's hosts but cannot lock them: null then. */
export async function lockHost(tx: FastTransaction, hostId: string): Promise<HostRow | null> {
  const { rows } = await tx.query<HostRow>({ name: "host_lock", text: `select ${HOST} from hosts where id = $1 for update` }, [hostId]);
  return rows[0] ?? null;
}

/** Whose runs a host may be given. */
export function tenantsOf({ servesAll, serves, tenantId }: HostRow): "all" | readonly string[] {
  return servesAll ? "all" : [...serves, ...(tenantId === null ? [] : [tenantId])];
}

/** Of versions of the tenant that must not run any more. */
export async function listRevokedDigests(tx: FastTransaction, tenantId: string): Promise<string[]> {
  const { rows } = await tx.query<{ digest: string }>(
    "select distinct digest from template_versions where tenant_id = $1 and state = 'revoked' order by digest",
    [tenantId],
  );
  return rows.map(({ digest }) => digest);
}

export type NewHost = {
  readonly id: string;
  readonly tenantId: string | null;
  readonly name: string;
  readonly labels: unknown;
  readonly serves: readonly string[];
  readonly servesAll: boolean;
  readonly fingerprint: string;
  readonly notAfter: Date;
  readonly clockSkewMs: number;
};

export async function insertHost(tx: FastTransaction, host: NewHost): Promise<void> {
  await tx.query(
    `insert into hosts (id, tenant_id, name, labels, serves, serves_all, certificate_fingerprint, certificate_not_after, clock_skew_ms)
     values ($1, $2, $3, $4::jsonb, $5::uuid[], $6, $7, $8, $9)`,
    [
      host.id,
      host.tenantId,
      host.name,
      JSON.stringify(host.labels),
      host.serves,
      host.servesAll,
      host.fingerprint,
      host.notAfter,
      Math.round(host.clockSkewMs),
    ],
  );
}

export async function setStanding(tx: FastTransaction, hostId: string, { state, stateReason, resumeAt }: Standing): Promise<void> {
  await tx.query("update hosts set state = $2, state_reason = $3, resume_at = $4 where id = $1", [hostId, state, stateReason, resumeAt]);
}

export async function setRevoked(tx: FastTransaction, hostId: string, at: Date): Promise<void> {
  await tx.query(
    "update hosts set revoked_at = coalesce(revoked_at, $2), state = 'lost', state_reason = 'revoked', resume_at = null where id = $1",
    [hostId, at],
  );
}

export type Introduction = {
  readonly epoch: string;
  readonly agentVersion: string;
  readonly inventory: unknown;
  readonly proof: SandboxProof;
  readonly isolation: string;
  readonly pool: readonly PoolLevel[];
  readonly clockSkewMs: number;
  readonly seenAt: Date;
};

export async function recordIntroduction(tx: FastTransaction, hostId: string, said: Introduction): Promise<void> {
  await tx.query(
    `update hosts set epoch = $2, agent_version = $3, inventory = $4::jsonb, proof = $5::jsonb, isolation = $6, pool = $7::jsonb,
       slots_total = $8, slots_free = 0, clock_skew_ms = $9, last_seen_at = $10 where id = $1`,
    [
      hostId,
      said.epoch,
      said.agentVersion,
      JSON.stringify(said.inventory),
      JSON.stringify(said.proof),
      said.isolation,
      JSON.stringify({ levels: said.pool }),
      slotsOf(said.pool),
      Math.round(said.clockSkewMs),
      said.seenAt,
    ],
  );
}

/** What a heartbeat says; answers how the host stands now. Null when there is no such host. */
export async function recordHeartbeat(
  tx: FastTransaction,
  hostId: string,
  said: { pool: readonly PoolLevel[]; load1: number; memoryBytesFree: number; clockSkewMs: number; seenAt: Date },
): Promise<(Standing & { revokedAt: Date | null }) | null> {
  const busy = said.pool.reduce((sum, level) => sum + level.slotsBusy, 0);
  const total = slotsOf(said.pool);
  const { rows } = await tx.query<Standing & { revokedAt: Date | null }>(
    {
      name: "host_heartbeat",
      text: `update hosts set pool = $2::jsonb, slots_total = $3, slots_free = $4, clock_skew_ms = $5, last_seen_at = $6 where id = $1
             returning state, state_reason as "stateReason", resume_at as "resumeAt", revoked_at as "revokedAt"`,
    },
    [
      hostId,
      JSON.stringify({ levels: said.pool, load1: said.load1, memoryBytesFree: said.memoryBytesFree }),
      total,
      Math.max(0, total - busy),
      Math.round(said.clockSkewMs),
      said.seenAt,
    ],
  );
  return rows[0] ?? null;
}

export async function recordCertificate(tx: FastTransaction, hostId: string, fingerprint: string, notAfter: Date): Promise<void> {
  await tx.query("update hosts set certificate_fingerprint = $2, certificate_not_after = $3 where id = $1", [
    hostId,
    fingerprint,
    notAfter,
  ]);
}

/** Hosts in `states` last heard before `before`, locked; those another loop holds are skipped. */
export async function lockSilent(tx: FastTransaction, states: readonly HostState[], before: Date): Promise<HostRow[]> {
  const { rows } = await tx.query<HostRow>(
    `select ${HOST} from hosts where state::text = any($1::text[]) and last_seen_at < $2 and revoked_at is null order by id limit 500 for update skip locked`,
    [states, before],
  );
  return rows;
}

export async function lockResumable(tx: FastTransaction, now: Date): Promise<HostRow[]> {
  const { rows } = await tx.query<HostRow>(
    `select ${HOST} from hosts where state = 'cordoned' and resume_at <= $1 and revoked_at is null order by id limit 500 for update skip locked`,
    [now],
  );
  return rows;
}

/** How many hosts serve the tenant, by state and by whether they have the capabilities. */
export async function countServing(
  tx: FastTransaction,
  tenantId: string,
  capabilities: readonly string[],
): Promise<{ state: HostState; capable: boolean; hosts: number }[]> {
  const { rows } = await tx.query<{ state: HostState; capable: boolean; hosts: number }>(
    `select state, coalesce(inventory->'capabilities', '[]'::jsonb) @> to_jsonb($2::text[]) as capable, count(*)::int as hosts
       from hosts where revoked_at is null and (serves_all or tenant_id = $1 or $1 = any (serves)) group by 1, 2`,
    [tenantId, capabilities],
  );
  return rows;
}

export type TokenRow = {
  readonly id: string;
  readonly tenantId: string | null;
  readonly secretHash: string;
  readonly hostName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serves: readonly string[];
  readonly servesAll: boolean;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
};

const TOKEN = `id, tenant_id as "tenantId", secret_hash as "secretHash", host_name as "hostName", labels, serves, serves_all as "servesAll",
  expires_at as "expiresAt", used_at as "usedAt"`;

export async function insertToken(tx: FastTransaction, token: Omit<TokenRow, "usedAt"> & { createdBy: string }): Promise<void> {
  await tx.query(
    `insert into join_tokens (id, tenant_id, secret_hash, host_name, labels, serves, serves_all, created_by, expires_at)
     values ($1, $2, $3, $4, $5::jsonb, $6::uuid[], $7, $8, $9)`,
    [
      token.id,
      token.tenantId,
      token.secretHash,
      token.hostName,
      JSON.stringify(token.labels),
      token.serves,
      token.servesAll,
      token.createdBy,
      token.expiresAt,
    ],
  );
}

export async function findToken(tx: FastTransaction, tokenId: string): Promise<TokenRow | null> {
  const { rows } = await tx.query<TokenRow>(`select ${TOKEN} from join_tokens where id = $1`, [tokenId]);
  return rows[0] ?? null;
}

/** True for exactly one of those who try; false when somebody was first or it has expired. */
export async function spendToken(tx: FastTransaction, tokenId: string, hostId: string, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    "update join_tokens set used_at = $3, used_by_host = $2 where id = $1 and used_at is null and expires_at > $3",
    [tokenId, hostId, now],
  );
  return rowCount === 1;
}

export async function deleteTokens(tx: FastTransaction, expiredBefore: Date): Promise<number> {
  const { rowCount } = await tx.query("delete from join_tokens where expires_at < $1", [expiredBefore]);
  return rowCount ?? 0;
}

function slotsOf(pool: readonly PoolLevel[]): number {
  return pool.reduce((sum, level) => sum + level.slotsTotal, 0);
}
