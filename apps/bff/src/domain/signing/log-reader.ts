/** What anybody may read of the log: entries, and proofs made from stored nodes. Joins the caller's transaction, of any tenant. */
import { consistencyNodes, consistencyProof, inclusionNodes, inclusionProof } from "@agent-factory/tlog/proof";
import { peakNodes, peaksOf, rootOf } from "@agent-factory/tlog/tree";
import type { FastTransaction } from "../../platform/fast-database.ts";
import { Failure } from "../failure.ts";
import { type EntryRow, findEntry, findNodes, findOpenShard, findShard, listEntries, listShards, type ShardRow } from "./log-store.ts";
import type { InclusionProof } from "./shard.ts";

/** The tree of this id, closed or not; without one, the tree that grows. Failures: `signing.tree-missing`. */
export async function readHead(tx: FastTransaction, treeId?: string): Promise<ShardRow> {
  const shard = await (treeId === undefined ? findOpenShard(tx) : findShard(tx, treeId));
  if (!shard && treeId !== undefined) throw new Failure("missing", "signing.tree-missing", `The log has no tree ${treeId}`, { treeId });
  if (!shard) throw new Failure("unavailable", "signing.log-closed", "The transparency log is just being opened; try again in a moment");
  return shard;
}

/** Every tree, the open one last. */
export async function readHeads(tx: FastTransaction): Promise<ShardRow[]> {
  return listShards(tx);
}

/** Newest first, below `before`. */
export async function readEntries(tx: FastTransaction, shard: ShardRow, before: number, take: number): Promise<EntryRow[]> {
  return listEntries(tx, shard.treeId, Math.min(before, shard.size), take);
}

/** An entry with its inclusion proof in the tree of the shard's checkpoint. Failures: `signing.entry-missing`. */
export async function readEntry(tx: FastTransaction, shard: ShardRow, index: number): Promise<{ entry: EntryRow; proof: InclusionProof }> {
  const entry = index < shard.size ? await findEntry(tx, shard.treeId, index) : null;
  if (!entry)
    throw new Failure("missing", "signing.entry-missing", `The log has no entry ${index}: it has ${shard.size}`, {
      index,
      size: shard.size,
    });
  const nodes = await findNodes(tx, shard.treeId, inclusionNodes(index, shard.size));
  return { entry, proof: { index, size: shard.size, root: shard.root, hashes: inclusionProof(index, shard.size, nodes) } };
}

export type ConsistencyProof = { readonly firstRoot: Uint8Array; readonly secondRoot: Uint8Array; readonly hashes: readonly Uint8Array[] };

/** That the tree of the shard's checkpoint begins with that of `first` leaves. Failures: `signing.entry-missing`. */
export async function readConsistency(tx: FastTransaction, shard: ShardRow, first: number): Promise<ConsistencyProof> {
  if (first > shard.size) {
    throw new Failure("missing", "signing.entry-missing", `The log never had ${first} entries: it has ${shard.size}`, {
      index: first,
      size: shard.size,
    });
  }
  const nodes = await findNodes(tx, shard.treeId, [...peakNodes(first), ...consistencyNodes(first, shard.size)]);
  return {
    firstRoot: rootOf(peaksOf(first, nodes)),
    secondRoot: shard.root,
    hashes: consistencyProof(first, shard.size, nodes),
  };
}
