/** A transparency log on a test's database, and whether what lies there is one consistent tree. Imported by tests only. */
import { createHash } from "node:crypto";
import { timestampText } from "@agent-factory/gate/entry";
import { verifyEcdsa } from "@agent-factory/gate/keys";
import { leafHash } from "@agent-factory/tlog/hash";
import { parseCheckpoint, parseNote } from "@agent-factory/tlog/note";
import { verifyInclusion } from "@agent-factory/tlog/proof";
import { appendAll, noPeaks, rootOf } from "@agent-factory/tlog/tree";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import { createCheckpointCopies } from "./checkpoint-copies.ts";
import { listShards } from "./log-store.ts";
import { openSealing } from "./sealing.ts";
import { createTransparencyLog, type Leaf, type LogStep, type Receipt, type TransparencyLog } from "./transparency-log.ts";

export type LogPlace = { fastDatabase: FastDatabase; stateDir: string; clock?: Clock; onStep?: (step: LogStep) => void };

export async function openTestLog({ fastDatabase, stateDir, clock = systemClock, onStep }: LogPlace): Promise<TransparencyLog> {
  const sealing = await openSealing({ stateDir });
  const copies = createCheckpointCopies(stateDir);
  return createTransparencyLog({ fastDatabase, sealing, copies, trustDomain: "factory.test", clock, ...(onStep && { onStep }) });
}

export function leaf(text: string): Leaf {
  return { kind: "dsse", body: Buffer.from(JSON.stringify({ apiVersion: "0.0.1", kind: "dsse", spec: { text } })) };
}

/** What is wrong with a receipt, by the shard's public key alone; empty when it proves what it says. */
export async function faultsOf(receipt: Receipt, spki: string): Promise<string[]> {
  const { placed, logId, timestamp, proof, checkpoint } = receipt;
  const faults: string[] = [];
  const integratedTime = placed.integratedAt.getTime() / 1000;
  const text = timestampText({ body: placed.body.toString("base64"), integratedTime, logId, logIndex: placed.index });
  if (!(await verifyEcdsa(spki, timestamp, text))) faults.push("the timestamp is not the log's");
  const note = parseNote(checkpoint);
  const head = parseCheckpoint(note?.text ?? "");
  const signed =
    note && (await verifyEcdsa(spki, note.signatures[0]?.signature ?? new Uint8Array(), Uint8Array.from(Buffer.from(note.text))));
  if (!signed) faults.push("the checkpoint is not the log's");
  if (head?.size !== proof.size || !Buffer.from(head.root).equals(proof.root)) faults.push("the checkpoint is of another tree");
  const inclusion = { index: placed.index, size: proof.size, leafHash: leafHash(placed.body), proof: proof.hashes, root: proof.root };
  if (!verifyInclusion(inclusion)) faults.push("the leaf is not in the tree");
  if (logId !== createHash("sha256").update(Buffer.from(spki, "base64")).digest("hex")) faults.push("the log has another name");
  return faults;
}

/** Reads the open tree whole and rebuilds it. @throws when there is a gap, a wrong hash, a missing node or another root. */
export async function requireWholeTree(fastDatabase: FastDatabase): Promise<{ size: number; bodies: string[]; spki: string }> {
  return fastDatabase.asSystem(async (tx) => {
    const shard = (await listShards(tx)).find(({ notAfter }) => notAfter === null);
    if (!shard) throw new Error("no shard is open");
    const { rows } = await tx.query<{ index: number; body: Buffer; hash: Buffer }>(
      "select index, body, leaf_hash as hash from log_entries where tree_id = $1::bigint order by index",
      [shard.treeId],
    );
    const { rows: stored } = await tx.query<{ level: number; index: number; hash: Buffer }>(
      "select level, index, hash from log_nodes where tree_id = $1::bigint",
      [shard.treeId],
    );
    for (const [i, { index, body, hash }] of rows.entries()) {
      if (index !== i) throw new Error(`entry ${i} is missing`);
      if (!hash.equals(leafHash(body))) throw new Error(`entry ${i} has another hash`);
    }
    const { peaks, nodes } = appendAll(
      noPeaks,
      rows.map(({ hash }) => hash),
    );
    const expected = nodes
      .filter(({ level }) => level > 0)
      .map(({ level, index, hash }) => `${level}/${index}/${Buffer.from(hash).toString("hex")}`);
    const found = stored.map(({ level, index, hash }) => `${level}/${index}/${hash.toString("hex")}`);
    if (found.toSorted().join() !== expected.toSorted().join()) throw new Error("the stored nodes are not those of the tree");
    if (rows.length !== shard.size || !shard.root.equals(rootOf(peaks))) throw new Error("the stored root is not that of the tree");
    const head = parseCheckpoint(parseNote(shard.checkpoint)?.text ?? "");
    if (head?.size !== shard.size || !shard.root.equals(head.root)) throw new Error("the checkpoint is not that of the tree");
    return { size: shard.size, bodies: rows.map(({ body }) => body.toString("utf8")), spki: shard.spki };
  });
}
