/** The audit trail as the sequencer and its checker read it: what waits for its place, and where each entry stands. */
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { AuditColumns } from "./audit-leaf.ts";

const ENTRY = `e.id, e.tenant_id as "tenantId", e.at, e.actor_kind as "actorKind", e.actor_id as "actorId", e.actor_name as "actorName", e.action,
  e.resource_kind as "resourceKind", e.resource_id as "resourceId", e.outcome, e.reason, e.before, e.after, e.trace_id as "traceId"`;

export async function isPending(tx: FastTransaction): Promise<boolean> {
  const { rows } = await tx.query<{ waiting: boolean }>("select exists (select 1 from audit_pending) as waiting");
  return rows[0]?.waiting ?? false;
}

/** Takes the oldest waiting entries: they are nobody else's, and wait again when the transaction does not commit. */
export async function takePending(tx: FastTransaction, batch: number): Promise<AuditColumns[]> {
  const { rows } = await tx.query<AuditColumns>(
    `with taken as (
       delete from audit_pending where entry_id in (select entry_id from audit_pending order by entry_id limit $1) returning entry_id
     )
     select ${ENTRY} from taken t join audit_entries e on e.id = t.entry_id order by e.id`,
    [batch],
  );
  return rows;
}

export type AuditLeafRow = {
  readonly entryId: number;
  readonly tenantId: string | null;
  readonly nonce: Buffer;
  readonly treeId: string;
  readonly logIndex: number;
};

export async function insertLeaves(tx: FastTransaction, leaves: readonly AuditLeafRow[]): Promise<void> {
  await tx.query(
    `insert into audit_leaves (entry_id, tenant_id, nonce, tree_id, log_index)
     select * from unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bigint[], $5::bigint[])`,
    [
      leaves.map(({ entryId }) => entryId),
      leaves.map(({ tenantId }) => tenantId),
      leaves.map(({ nonce }) => nonce),
      leaves.map(({ treeId }) => treeId),
      leaves.map(({ logIndex }) => logIndex),
    ],
  );
}

/** One entry of a tenant's trail; without a leaf it still waits for its place. */
export type TrailRow = { readonly entry: AuditColumns; readonly leaf: Pick<AuditLeafRow, "nonce" | "treeId" | "logIndex"> | null };

/** In order of the entries, after `after`; row-level security narrows it to the tenant. The interval is half-open. */
export async function listTrail(
  tx: FastTransaction,
  { from, to, after, take }: { from: Date | null; to: Date | null; after: number; take: number },
): Promise<TrailRow[]> {
  const { rows } = await tx.query<AuditColumns & { nonce: Buffer | null; treeId: string; logIndex: number }>(
    `select ${ENTRY}, l.nonce, l.tree_id::text as "treeId", l.log_index as "logIndex"
       from audit_entries e left join audit_leaves l on l.entry_id = e.id
      where e.id > $3 and ($1::timestamptz is null or e.at >= $1) and ($2::timestamptz is null or e.at < $2)
      order by e.id limit $4`,
    [from, to, after, take],
  );
  return rows.map(({ nonce, treeId, logIndex, ...entry }) => ({ entry, leaf: nonce === null ? null : { nonce, treeId, logIndex } }));
}

/**
 * The first place of the tenant's trail in `(after, upTo]` whose entry is gone; without `upTo` there is no end. It has no time any more:
 * it is missing from every interval.
 */
export async function findMissing(tx: FastTransaction, { after, upTo }: { after: number; upTo: number | null }): Promise<number | null> {
  const { rows } = await tx.query<{ id: number }>(
    `select l.entry_id as id from audit_leaves l
      where l.entry_id > $1 and ($2::bigint is null or l.entry_id <= $2)
        and not exists (select 1 from audit_entries e where e.id = l.entry_id) order by 1 limit 1`,
    [after, upTo],
  );
  return rows[0]?.id ?? null;
}

/**
 * Leaves of the trail, of all tenants, that no entry claims: somebody removed both an entry and its place. System role. Goes through the
 * whole log, some seconds for a million leaves.
 */
export async function countUnclaimed(tx: FastTransaction): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::int as count from log_entries e
      where e.kind = 'audit' and not exists (select 1 from audit_leaves l where l.tree_id = e.tree_id and l.log_index = e.index)`,
  );
  return rows[0]?.count ?? 0;
}

/** False when somebody holds it: until the transaction ends, one check of a tenant's trail runs, whoever asks. */
export async function holdTrail(tx: FastTransaction, tenantId: string): Promise<boolean> {
  const { rows } = await tx.query<{ held: boolean }>("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as held", [
    `agent-factory.trail-check.${tenantId}`,
  ]);
  return rows[0]?.held ?? false;
}
