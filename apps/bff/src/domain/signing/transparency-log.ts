/**
 * The transparency log: one append-only Merkle tree (RFC 6962) in PostgreSQL for signatures and for the audit trail, that answers as
 * Rekor v1 does. Requests queue in the process and are appended a batch at a time:
 *
 *   lock the shard's row -> place the leaves from the stored peaks -> insert entries and nodes -> new head and checkpoint
 *     -> commit, durably -> copy of the checkpoint outside the database -> answer: signed entry timestamp, inclusion proof, checkpoint
 *
 * Nothing is promised before it is on disk, so a promise survives any kill; a kill before the commit leaves no trace. A leaf that is
 * appended again gets its first place. Fail-closed: a database that is behind its own checkpoint copy is not appended to
 * (`signing.log-behind`), or the same places would be given twice.
 */
import type { KeyObject } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { sameBytes } from "@agent-factory/tlog/hash";
import type { Checkpoint } from "@agent-factory/tlog/note";
import { inclusionNodes, inclusionProof } from "@agent-factory/tlog/proof";
import { peakNodes, peaksOf, rootOf } from "@agent-factory/tlog/tree";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { Failure } from "../failure.ts";
import type { CheckpointCopies } from "./checkpoint-copies.ts";
import {
  closeShard,
  findByLeafHash,
  findNodes,
  findOpenShard,
  insertEntries,
  insertNodes,
  insertShard,
  listShards,
  lockOpenShard,
  type ShardRow,
  setHead,
} from "./log-store.ts";
import type { Sealing } from "./sealing.ts";
import { type Batch, type InclusionProof, type Leaf, newShard, openShardKey, type Placed, placeLeaves, signTimestamp } from "./shard.ts";

export type { Leaf, Placed } from "./shard.ts";

/** What the log answers an append with. */
export type Receipt = {
  readonly placed: Placed;
  readonly logId: string;
  /** The signed entry timestamp: ECDSA in DER. */
  readonly timestamp: Buffer;
  readonly proof: InclusionProof;
  readonly checkpoint: string;
};

export type TransparencyLog = {
  append(leaf: Leaf): Promise<Receipt>;
  /**
   * Appends what `take` takes out of the database, and `settle` records where it stands, in the transaction of the batch itself: all of
   * it or nothing. Answers how many leaves that were.
   */
  sequence(
    take: (tx: FastTransaction) => Promise<Leaf[]>,
    settle: (tx: FastTransaction, placed: readonly Placed[]) => Promise<void>,
  ): Promise<number>;
  /** Opens the first shard when there is none. */
  open(): Promise<void>;
  /** Every tree, the open one last. */
  shards(): Promise<ShardRow[]>;
  /** Closes a tree for good, so that the next append opens another: the way out of `signing.log-behind`. */
  giveUp(treeId: string): Promise<void>;
};

/** Where a kill may strike; tests strike there. */
export type LogStep = "before-lock" | "after-insert" | "before-commit" | "after-commit";

export type TransparencyLogParts = {
  readonly fastDatabase: FastDatabase;
  readonly sealing: Sealing;
  readonly copies: CheckpointCopies;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly onStep?: (step: LogStep) => void;
};

const BATCH_MAX = 512;
const ANSWERS_AT_ONCE = 64;

type Committed = { readonly batch: Batch; readonly shard: ShardRow; readonly privateKey: KeyObject };
type Waiting = { readonly leaf: Leaf; resolve(receipt: Receipt): void; reject(error: unknown): void };

export function createTransparencyLog({
  fastDatabase,
  sealing,
  copies,
  trustDomain,
  clock,
  onStep,
}: TransparencyLogParts): TransparencyLog {
  /** The newest head this process knows of: what it wrote, or what the copies say. */
  let head: (Checkpoint & { treeId: string }) | null = null;
  let key: { treeId: string; privateKey: KeyObject } | null = null;
  const queue: Waiting[] = [];
  let flushing = false;

  const keyOf = (treeId: string, sealed: unknown): KeyObject => {
    if (key?.treeId !== treeId) key = { treeId, privateKey: openShardKey(sealing, treeId, sealed) };
    return key.privateKey;
  };

  const open = async (): Promise<void> => {
    if (head) return;
    const kept = await copies.read();
    const shard = await fastDatabase.asSystem(async (tx) => {
      const shards = await listShards(tx);
      for (const [treeId, copy] of kept) {
        await requireCopied(
          tx,
          treeId,
          shards.find((one) => one.treeId === treeId),
          copy,
        );
      }
      const known = shards.find(({ notAfter }) => notAfter === null);
      if (known) return known;
      await insertShard(tx, newShard(trustDomain, sealing, clock.now()));
      return findOpenShard(tx);
    });
    if (!shard) throw new Failure("unavailable", "signing.log-closed", "The transparency log is just being opened; try again in a moment");
    head = { treeId: shard.treeId, origin: shard.origin, size: shard.size, root: shard.root };
  };

  /** The locked shard; null when the known one was closed meanwhile, and `open` must look again. */
  const requireShard = async (tx: FastTransaction) => {
    const shard = await lockOpenShard(tx);
    if (!shard || shard.treeId !== head?.treeId) return null;
    if (shard.size < head.size || (shard.size === head.size && !sameBytes(shard.root, head.root)))
      throw behind(shard.treeId, head.size, shard.size);
    return shard;
  };

  const commitBatch = async (
    take: (tx: FastTransaction) => Promise<readonly Leaf[]>,
    settle: (tx: FastTransaction, batch: Batch, shard: ShardRow) => Promise<void>,
  ): Promise<Committed | null> => {
    for (let tries = 0; tries < 3; tries += 1) {
      await open();
      onStep?.("before-lock");
      const committed = await fastDatabase.asSystem(async (tx) => {
        // Whatever the server's default is: what was promised must outlive the machine.
        await tx.query("set local synchronous_commit = on");
        const shard = await requireShard(tx);
        if (!shard) return "closed";
        const leaves = await take(tx);
        if (leaves.length === 0) return null;
        const privateKey = keyOf(shard.treeId, shard.sealed);
        const batch = await place(tx, shard, leaves, privateKey, clock.now());
        if (batch.entries.length > 0) {
          await insertEntries(tx, shard.treeId, batch.entries);
          await insertNodes(tx, shard.treeId, batch.nodes);
          onStep?.("after-insert");
          await setHead(tx, shard.treeId, batch.head);
        }
        await settle(tx, batch, shard);
        onStep?.("before-commit");
        return { batch, shard, privateKey };
      });
      if (committed === "closed") {
        head = null;
        continue;
      }
      if (committed === null) return null;
      onStep?.("after-commit");
      const { batch, shard } = committed;
      if (head?.treeId === shard.treeId && head.size < batch.head.size) head = { ...head, size: batch.head.size, root: batch.head.root };
      return committed;
    }
    throw new Failure("unavailable", "signing.log-closed", "The transparency log is just being opened; try again in a moment");
  };

  const keepCopy = async ({ batch, shard }: Committed): Promise<void> => {
    if (batch.entries.length > 0) await copies.keep(shard.treeId, batch.head.size, batch.head.checkpoint);
  };

  /** Commits a batch; the answers, which cost as much again in signatures, are for the caller to give. */
  const commitWaiting = async (waiting: readonly Waiting[]): Promise<(() => Promise<void>) | null> => {
    const proofs = new Map<number, InclusionProof>();
    const committed = await commitBatch(
      async () => waiting.map(({ leaf }) => leaf),
      async (tx, batch, shard) => {
        for (const { existing, index } of batch.placed) {
          if (!existing || proofs.has(index)) continue;
          const nodes = await findNodes(tx, shard.treeId, inclusionNodes(index, batch.head.size));
          proofs.set(index, { index, size: batch.head.size, root: batch.head.root, hashes: inclusionProof(index, batch.head.size, nodes) });
        }
      },
    );
    if (!committed) return null;
    return async () => {
      await keepCopy(committed);
      const { batch, shard, privateKey } = committed;
      for (const [i, placed] of batch.placed.entries()) {
        waiting[i]?.resolve({
          placed,
          logId: shard.logId,
          timestamp: signTimestamp(shard, placed, privateKey),
          proof: proofs.get(placed.index) ?? batch.prove(placed.index),
          checkpoint: batch.head.checkpoint,
        });
        // The next batch is on its way: it must not wait for all of these.
        if (i % ANSWERS_AT_ONCE === ANSWERS_AT_ONCE - 1) await setImmediate();
      }
    };
  };

  const flush = async (): Promise<void> => {
    if (flushing) return;
    flushing = true;
    let answering: Promise<void> | undefined;
    while (queue.length > 0) {
      const waiting = queue.splice(0, BATCH_MAX);
      const refuse = (error: unknown) => {
        for (const one of waiting) one.reject(error);
      };
      const answer = await commitWaiting(waiting).catch(refuse);
      // One batch is answered while the next is committed, no more: memory stays bounded, and answers keep their order.
      await answering;
      answering = answer?.().catch(refuse);
    }
    flushing = false;
  };

  return {
    append: (leaf) =>
      new Promise((resolve, reject) => {
        queue.push({ leaf, resolve, reject });
        void flush();
      }),
    sequence: async (take, settle) => {
      const committed = await commitBatch(take, (tx, batch) => settle(tx, batch.placed));
      if (committed) await keepCopy(committed);
      return committed?.batch.placed.length ?? 0;
    },
    open,
    shards: async () => {
      await open();
      return fastDatabase.asSystem(listShards, { readOnly: true });
    },
    giveUp: async (treeId) => {
      await fastDatabase.asSystem((tx) => closeShard(tx, treeId, clock.now()));
      await copies.putAside(treeId);
      head = null;
    },
  };
}

async function place(tx: FastTransaction, shard: ShardRow, leaves: readonly Leaf[], privateKey: KeyObject, now: Date): Promise<Batch> {
  const first = placeLeaves(shard, leaves, [], privateKey, now);
  const existing = await findByLeafHash(
    tx,
    shard.treeId,
    first.entries.map(({ leafHash }) => leafHash),
  );
  return existing.length === 0 ? first : placeLeaves(shard, leaves, existing, privateKey, now);
}

/** The database must hold the tree that the copy saw: as large, and beginning with the same leaves. */
async function requireCopied(tx: FastTransaction, treeId: string, shard: ShardRow | undefined, copy: Checkpoint): Promise<void> {
  if (!shard || shard.size < copy.size) throw behind(treeId, copy.size, shard?.size ?? 0);
  const nodes = await findNodes(tx, treeId, peakNodes(copy.size));
  if (!sameBytes(rootOf(peaksOf(copy.size, nodes)), copy.root)) throw behind(treeId, copy.size, shard.size);
}

function behind(treeId: string, kept: number, found: number): Failure {
  return new Failure(
    "unavailable",
    "signing.log-behind",
    `The database does not hold the log that was promised: a checkpoint of tree ${treeId} with ${kept} entries was kept beside it, and the database ` +
      `has ${found} or others. It was probably restored from an older backup. Nothing is appended. Restore a newer one, or give the tree up ` +
      `(LOG_GIVE_UP=${treeId}): it is closed and the log goes on in a new one`,
    { treeId, kept, found },
  );
}
