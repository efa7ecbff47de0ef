/**
 * One tree of the log as bytes: its key, its checkpoints, its signed entry timestamps, and a batch of leaves put into it. Pure but for
 * the randomness of keys and signatures.
 *
 *   (absent) -> open      at the first use; exactly one shard is open
 *   open -> closed        when it is given up (a database restored from an old backup, a key in other hands); read and trusted further
 */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { timestampText } from "@agent-factory/gate/entry";
import { emptyRoot, leafHash } from "@agent-factory/tlog/hash";
import { formatCheckpoint, formatNote, rekorKeyId } from "@agent-factory/tlog/note";
import { inclusionNodes, inclusionProof } from "@agent-factory/tlog/proof";
import { appendAll, type NodePosition, type Peaks, peakNodes, rootOf, type TreeNode } from "@agent-factory/tlog/tree";
import type { EntryKind, EntryRow, NewHead, NewShard, ShardRow } from "./log-store.ts";
import type { Sealing } from "./sealing.ts";

export type Leaf = { readonly kind: EntryKind; readonly body: Uint8Array };

/** Where a leaf stands. `existing`: it was in the tree before. */
export type Placed = EntryRow & { readonly treeId: string; readonly existing: boolean };

export type InclusionProof = {
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
};

export function newShard(trustDomain: string, sealing: Sealing, now: Date): NewShard {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" });
  // 63 bits, never zero: a positive bigint, and the form of Rekor's tree ids.
  const treeId = String((randomBytes(8).readBigUInt64BE() >> 1n) | 1n);
  const shard = {
    treeId,
    origin: `${trustDomain} - ${treeId}`,
    logId: createHash("sha256").update(spki).digest("hex"),
    spki: spki.toString("base64"),
    notBefore: new Date(Math.floor(now.getTime() / 1000) * 1000),
    root: Buffer.from(emptyRoot()),
  };
  return {
    ...shard,
    sealed: sealing.seal(sealedName(treeId), privateKey.export({ format: "der", type: "pkcs8" })),
    checkpoint: signCheckpoint({ ...shard, size: 0 }, privateKey),
  };
}

export function openShardKey(sealing: Sealing, treeId: string, sealed: unknown): KeyObject {
  return createPrivateKey({ key: sealing.open(sealedName(treeId), sealed), format: "der", type: "pkcs8" });
}

function sealedName(treeId: string): string {
  return `log-shard/${treeId}`;
}

/** A signed note with exactly one signature line, as Rekor's: the name is the origin without the tree. */
export function signCheckpoint(head: { origin: string; spki: string; size: number; root: Uint8Array }, key: KeyObject): string {
  const text = formatCheckpoint(head);
  const [name = ""] = head.origin.split(" - ");
  return formatNote({
    text,
    signatures: [{ name, keyId: rekorKeyId(Buffer.from(head.spki, "base64")), signature: sign("sha256", Buffer.from(text), key) }],
  });
}

/** The promise for one entry, in DER. */
export function signTimestamp(shard: Pick<ShardRow, "logId">, entry: EntryRow, key: KeyObject): Buffer {
  const text = timestampText({
    body: entry.body.toString("base64"),
    integratedTime: secondsOf(entry.integratedAt),
    logId: shard.logId,
    logIndex: entry.index,
  });
  return sign("sha256", text, key);
}

export function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

export type Batch = {
  /** In the order of the leaves: where each stands, whether new or not. */
  readonly placed: readonly Placed[];
  /** Only the new ones. */
  readonly entries: readonly EntryRow[];
  /** Inner nodes that the new entries complete. */
  readonly nodes: readonly TreeNode[];
  readonly head: NewHead;
  /** The inclusion proof of a new entry in the new tree: the old peaks and the batch's own nodes are all it needs. */
  prove(index: number): InclusionProof;
};

/** Puts leaves into a tree. A leaf that is there already, or twice in the batch, keeps its first place. */
export function placeLeaves(shard: ShardRow, leaves: readonly Leaf[], existing: readonly EntryRow[], key: KeyObject, now: Date): Batch {
  const known = new Map<string, Placed>();
  for (const entry of existing) known.set(entry.leafHash.toString("hex"), { ...entry, treeId: shard.treeId, existing: true });
  const integratedAt = new Date(secondsOf(now) * 1000);
  const entries: EntryRow[] = [];
  const placed = leaves.map(({ kind, body }) => {
    const hash = Buffer.from(leafHash(body));
    const before = known.get(hash.toString("hex"));
    if (before) return before;
    const entry = { index: shard.size + entries.length, kind, body: Buffer.from(body), leafHash: hash, integratedAt };
    entries.push(entry);
    const place = { ...entry, treeId: shard.treeId, existing: false };
    known.set(hash.toString("hex"), place);
    return place;
  });
  const before: Peaks = { size: shard.size, hashes: shard.peaks };
  const { peaks, nodes } = appendAll(
    before,
    entries.map((entry) => entry.leafHash),
  );
  const root = rootOf(peaks);
  const head = { size: peaks.size, peaks: peaks.hashes, root, checkpointAt: now };
  const hashes = new Map<string, TreeNode>();
  for (const [i, position] of peakNodes(before.size).entries())
    hashes.set(nameOf(position), { ...position, hash: before.hashes[i] as Uint8Array });
  for (const node of nodes) hashes.set(nameOf(node), node);
  return {
    placed,
    entries,
    nodes: nodes.filter(({ level }) => level > 0),
    head: { ...head, checkpoint: entries.length === 0 ? shard.checkpoint : signCheckpoint({ ...shard, ...head }, key) },
    prove: (index) => {
      const needed = inclusionNodes(index, head.size).map((position) => hashes.get(nameOf(position)) as TreeNode);
      return { index, size: head.size, root, hashes: inclusionProof(index, head.size, needed) };
    },
  };
}

function nameOf({ level, index }: NodePosition): string {
  return `${level}/${index}`;
}
