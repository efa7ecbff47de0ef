/** The transparency log in PostgreSQL: shards, entries (level 0 of the tree) and complete inner nodes. Tree ids are 63 bits, hence text. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type EntryKind = "dsse" | "audit";

export type ShardRow = {
  readonly treeId: string;
  readonly origin: string;
  readonly logId: string;
  /** Base64 of the DER. */
  readonly spki: string;
  readonly notBefore: Date;
  readonly notAfter: Date | null;
  readonly size: number;
  readonly peaks: readonly Buffer[];
  readonly root: Buffer;
  readonly checkpoint: string;
  readonly checkpointAt: Date | null;
};

export type EntryRow = {
  readonly index: number;
  readonly kind: EntryKind;
  readonly body: Buffer;
  readonly leafHash: Buffer;
  readonly integratedAt: Date;
};

type Position = { readonly level: number; readonly index: number };
type Node = Position & { readonly hash: Uint8Array };

const SHARD = `tree_id::text as "treeId", origin, log_id as "logId", public_key as spki, not_before as "notBefore", not_after as "notAfter",
  size, coalesce(peaks, '{}') as peaks, root, checkpoint, checkpoint_at as "checkpointAt"`;
const ENTRY = `index, kind, body, leaf_hash as "leafHash", integrated_at as "integratedAt"`;

export type NewShard = Omit<ShardRow, "notAfter" | "size" | "peaks" | "checkpointAt"> & { readonly sealed: unknown };

/** Nothing happens when another shard is open already: the index decides, not a read. */
export async function insertShard(tx: FastTransaction, shard: NewShard): Promise<void> {
  await tx.query(
    `insert into log_shards (tree_id, origin, log_id, public_key, sealed_private_key, not_before, root, checkpoint, checkpoint_at)
     values ($1::bigint, $2, $3, $4, $5::jsonb, $6, $7, $8, $6) on conflict do nothing`,
    [shard.treeId, shard.origin, shard.logId, shard.spki, JSON.stringify(shard.sealed), shard.notBefore, shard.root, shard.checkpoint],
  );
}

export async function findOpenShard(tx: FastTransaction): Promise<ShardRow | null> {
  const { rows } = await tx.query<ShardRow>({ name: "log_open_shard", text: `select ${SHARD} from log_shards where not_after is null` });
  return rows[0] ?? null;
}

export async function findShard(tx: FastTransaction, treeId: string): Promise<ShardRow | null> {
  // Compared as text: a tree id that somebody typed need not fit into 63 bits.
  const { rows } = await tx.query<ShardRow>(`select ${SHARD} from log_shards where tree_id::text = $1`, [treeId]);
  return rows[0] ?? null;
}

/** The open one last. */
export async function listShards(tx: FastTransaction): Promise<ShardRow[]> {
  const { rows } = await tx.query<ShardRow>(`select ${SHARD} from log_shards order by not_after is null, not_before, tree_id`);
  return rows;
}

/** The open shard with its sealed key, nobody else's until the transaction ends. Null when it was closed meanwhile. */
export async function lockOpenShard(tx: FastTransaction): Promise<(ShardRow & { sealed: unknown }) | null> {
  const { rows } = await tx.query<ShardRow & { sealed: unknown }>({
    name: "log_lock_shard",
    text: `select ${SHARD}, sealed_private_key as sealed from log_shards where not_after is null for update`,
  });
  return rows[0] ?? null;
}

export async function closeShard(tx: FastTransaction, treeId: string, at: Date): Promise<void> {
  await tx.query("update log_shards set not_after = $2 where tree_id = $1::bigint and not_after is null", [treeId, at]);
}

export async function findByLeafHash(tx: FastTransaction, treeId: string, leafHashes: readonly Uint8Array[]): Promise<EntryRow[]> {
  const { rows } = await tx.query<EntryRow>(
    { name: "log_find_leaves", text: `select ${ENTRY} from log_entries where tree_id = $1::bigint and leaf_hash = any ($2::bytea[])` },
    [treeId, leafHashes],
  );
  return rows;
}

export async function insertEntries(tx: FastTransaction, treeId: string, entries: readonly EntryRow[]): Promise<void> {
  await tx.query(
    {
      name: "log_insert_entries",
      text: `insert into log_entries (tree_id, index, leaf_hash, body, kind, integrated_at)
             select $1::bigint, index, leaf_hash, body, kind, $6
               from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[]) as t (index, leaf_hash, body, kind)`,
    },
    [
      treeId,
      entries.map(({ index }) => index),
      entries.map(({ leafHash }) => leafHash),
      entries.map(({ body }) => body),
      entries.map(({ kind }) => kind),
      entries[0]?.integratedAt,
    ],
  );
}

export async function insertNodes(tx: FastTransaction, treeId: string, nodes: readonly Node[]): Promise<void> {
  if (nodes.length === 0) return;
  await tx.query(
    {
      name: "log_insert_nodes",
      text: `insert into log_nodes (tree_id, level, index, hash)
             select $1::bigint, level, index, hash from unnest($2::smallint[], $3::bigint[], $4::bytea[]) as t (level, index, hash)`,
    },
    [treeId, nodes.map(({ level }) => level), nodes.map(({ index }) => index), nodes.map(({ hash }) => hash)],
  );
}

export type NewHead = Pick<ShardRow, "size" | "checkpoint"> & {
  readonly peaks: readonly Uint8Array[];
  readonly root: Uint8Array;
  readonly checkpointAt: Date;
};

export async function setHead(tx: FastTransaction, treeId: string, head: NewHead): Promise<void> {
  await tx.query(
    {
      name: "log_set_head",
      text: "update log_shards set size = $2, peaks = $3::bytea[], root = $4, checkpoint = $5, checkpoint_at = $6 where tree_id = $1::bigint",
    },
    [treeId, head.size, head.peaks, head.root, head.checkpoint, head.checkpointAt],
  );
}

/** Those of the asked nodes that are stored, in no order. */
export async function findNodes(tx: FastTransaction, treeId: string, positions: readonly Position[]): Promise<Node[]> {
  if (positions.length === 0) return [];
  const { rows } = await tx.query<Node>(
    {
      name: "log_find_nodes",
      text: `with asked as (select * from unnest($2::smallint[], $3::bigint[]) as t (level, index))
             select n.level, n.index, n.hash from asked a join log_nodes n on n.tree_id = $1::bigint and n.level = a.level and n.index = a.index
              where a.level > 0
             union all
             select 0, e.index, e.leaf_hash from asked a join log_entries e on e.tree_id = $1::bigint and e.index = a.index where a.level = 0`,
    },
    [treeId, positions.map(({ level }) => level), positions.map(({ index }) => index)],
  );
  return rows;
}

/** The newest entries below `before`, newest first. */
export async function listEntries(tx: FastTransaction, treeId: string, before: number, take: number): Promise<EntryRow[]> {
  const { rows } = await tx.query<EntryRow>(
    `select ${ENTRY} from log_entries where tree_id = $1::bigint and index < $2 order by index desc limit $3`,
    [treeId, before, take],
  );
  return rows;
}

export async function findEntry(tx: FastTransaction, treeId: string, index: number): Promise<EntryRow | null> {
  const { rows } = await tx.query<EntryRow>(`select ${ENTRY} from log_entries where tree_id = $1::bigint and index = $2`, [treeId, index]);
  return rows[0] ?? null;
}
