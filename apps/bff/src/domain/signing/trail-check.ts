/**
 * The audit trail recomputed against the signed log: every entry must still give its leaf, and every leaf must be in a tree that the
 * log's key signed. Whose trail it is, is the transaction's: a tenant's has its own entries, the system's has all of them, those of the
 * platform itself too.
 */
import { verifyEcdsa } from "@agent-factory/gate/keys";
import { leafHash } from "@agent-factory/tlog/hash";
import { parseCheckpoint, parseNote } from "@agent-factory/tlog/note";
import { inclusionNodes, inclusionProof, verifyInclusion } from "@agent-factory/tlog/proof";
import type { NodePosition, TreeNode } from "@agent-factory/tlog/tree";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { auditLeafBody } from "./audit-leaf.ts";
import { countUnclaimed, findMissing, listTrail, type TrailRow } from "./audit-trail-store.ts";
import { findNodes, listShards, type ShardRow } from "./log-store.ts";

const CHECK_PAGE = 500;
/** Seconds of work: every entry is hashed, with a path of the tree each. */
const CHECKED_AT_ONCE_MAX = 10_000;

/** Half-open: `[from, to)`. */
export type Interval = { readonly from?: Date | undefined; readonly to?: Date | undefined };

export type TrailReport = {
  /** Entries that were recomputed and found in the log. */
  checked: number;
  /** Entries that still wait for their place: the loop is a second behind. */
  waiting: number;
  /**
   * The first entry that is not as it was: `altered` (its columns do not give its leaf), `missing` (its place is there, it is not),
   * `not-in-log` (its place does not belong to the signed tree).
   */
  first: { entryId: string; problem: "altered" | "missing" | "not-in-log" } | null;
  /**
   * Leaves of the trail in the whole log that no entry claims; more than none means that entries and their places were removed. Null
   * while there is more to check: they are counted once, at the end.
   */
  unclaimed: number | null;
  /** The signed trees that the entries were compared with. */
  checkpoints: string[];
  /** The entry after which to go on; null when nothing is left, or something was found. */
  nextCursor: string | null;
};

/** From where, and how much of it. */
export type Stretch = Interval & { readonly after?: number | undefined; readonly max?: number | undefined };

/**
 * Everybody's trail and the platform's own, for whoever runs the platform: no person of a tenant may see beyond it, so no route leads
 * here. Holding the system role's password is the permission.
 */
export async function checkWholeTrail(fastDatabase: Pick<FastDatabase, "asSystem">, interval: Interval): Promise<TrailReport> {
  const everything = { ...interval, max: Number.POSITIVE_INFINITY };
  return fastDatabase.asSystem(async (tx) => ({ ...(await checkTrail(tx, everything)), unclaimed: await countUnclaimed(tx) }), {
    readOnly: true,
  });
}

export async function checkTrail(
  tx: FastTransaction,
  { from, to, after: start = 0, max = CHECKED_AT_ONCE_MAX }: Stretch,
): Promise<Omit<TrailReport, "unclaimed">> {
  const shards = new Map<string, ShardRow>();
  for (const shard of await listShards(tx)) if (await isSigned(shard)) shards.set(shard.treeId, shard);
  const found: Omit<TrailReport, "unclaimed"> = {
    checked: 0,
    waiting: 0,
    first: null,
    checkpoints: [...shards.values()].map(({ checkpoint }) => checkpoint),
    nextCursor: null,
  };
  let upTo: number | null = null;
  for (let [after, left] = [start, max]; found.first === null; ) {
    const take = Math.min(CHECK_PAGE, left);
    const rows = await listTrail(tx, { from: from ?? null, to: to ?? null, after, take });
    const problems = await judge(tx, rows, shards);
    for (const { entry, leaf } of rows) {
      const problem = problems.get(entry.id);
      if (problem) {
        found.first = { entryId: String(entry.id), problem };
        break;
      }
      if (leaf) found.checked += 1;
      else found.waiting += 1;
    }
    const last = rows.at(-1);
    if (!last || rows.length < take) break;
    after = last.entry.id;
    left -= rows.length;
    if (left > 0) continue;
    upTo = after;
    break;
  }
  const missing = await findMissing(tx, { after: start, upTo });
  if (missing !== null && (found.first === null || missing < Number(found.first.entryId))) {
    found.first = { entryId: String(missing), problem: "missing" };
  }
  if (found.first === null && upTo !== null) found.nextCursor = String(upTo);
  return found;
}

/** Whether the head is what the log's key signed: a tree that somebody rebuilt has no such checkpoint. */
async function isSigned({ checkpoint, origin, size, root, spki }: ShardRow): Promise<boolean> {
  const note = parseNote(checkpoint);
  const head = note ? parseCheckpoint(note.text) : null;
  const signature = note?.signatures[0]?.signature;
  if (!note || !head || !signature || head.origin !== origin || head.size !== size || !root.equals(head.root)) return false;
  return verifyEcdsa(spki, signature, Uint8Array.from(Buffer.from(note.text)));
}

async function judge(tx: FastTransaction, rows: readonly TrailRow[], shards: ReadonlyMap<string, ShardRow>) {
  const problems = new Map<number, "altered" | "not-in-log">();
  const inTree = Map.groupBy(
    rows.filter(({ leaf }) => leaf !== null),
    ({ leaf }) => leaf?.treeId ?? "",
  );
  for (const [treeId, placed] of inTree) {
    const shard = shards.get(treeId);
    const wanted = new Map<string, NodePosition>();
    for (const { leaf } of placed) {
      if (!shard || !leaf || leaf.logIndex >= shard.size) continue;
      for (const position of [{ level: 0, index: leaf.logIndex }, ...inclusionNodes(leaf.logIndex, shard.size)])
        wanted.set(nameOf(position), position);
    }
    const nodes = new Map((await findNodes(tx, treeId, [...wanted.values()])).map((node) => [nameOf(node), node]));
    for (const { entry, leaf } of placed) {
      const problem = leaf && problemOf(auditLeafBody(entry, leaf.nonce), leaf.logIndex, shard, nodes);
      if (problem) problems.set(entry.id, problem);
    }
  }
  return problems;
}

function problemOf(body: Uint8Array, index: number, shard: ShardRow | undefined, nodes: ReadonlyMap<string, TreeNode>) {
  const stored = nodes.get(nameOf({ level: 0, index }));
  if (!shard || !stored) return "not-in-log";
  const needed = inclusionNodes(index, shard.size).map((position) => nodes.get(nameOf(position)));
  if (!needed.every((node) => node !== undefined)) return "not-in-log";
  const holds = (hash: Uint8Array) =>
    verifyInclusion({ index, size: shard.size, leafHash: hash, proof: inclusionProof(index, shard.size, needed), root: shard.root });
  if (holds(leafHash(body))) return null;
  // The log still proves what was written then: it is the entry that changed.
  return holds(stored.hash) ? "altered" : "not-in-log";
}

function nameOf({ level, index }: NodePosition): string {
  return `${level}/${index}`;
}
