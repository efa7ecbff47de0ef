import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { leafHash } from "@agent-factory/tlog/hash";
import { verifyConsistency, verifyInclusion } from "@agent-factory/tlog/proof";
import pg from "pg";
import { expect, test } from "vitest";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { readConsistency, readEntries, readEntry, readHead } from "./log-reader.ts";
import { faultsOf, leaf, openTestLog, requireWholeTree } from "./test-log.ts";
import type { LogStep } from "./transparency-log.ts";

async function openPlace() {
  const kernel = await openTestKernel({ tenants: false });
  const stateDir = await mkdtemp(path.join(tmpdir(), "log-"));
  /** As the owner of the server, past every trigger: what a restore, or somebody with the database's password, can do. */
  const tamper = async (...statements: string[]) => {
    const url = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
    url.pathname = `/${kernel.db.name}`;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query("set session_replication_role = replica");
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  return {
    fastDatabase: kernel.fastDatabase,
    stateDir,
    tamper,
    open: (onStep?: (step: LogStep) => void) => openTestLog({ fastDatabase: kernel.fastDatabase, stateDir, ...(onStep && { onStep }) }),
    [Symbol.asyncDispose]: async () => {
      await kernel[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const appendAll = (log: Awaited<ReturnType<typeof openTestLog>>, texts: readonly string[]) =>
  Promise.all(texts.map((text) => log.append(leaf(text))));
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `leaf ${from + i}`);

/** The shard's row as it was: what a restore from an older backup brings back. */
const BACKUP = ["create table backup as select * from log_shards"];
const RESTORE = [
  "delete from log_entries e using backup b where e.index >= b.size",
  "delete from log_nodes n using backup b where (n.index + 1) * (2 ^ n.level)::bigint > b.size",
  "delete from log_shards",
  "insert into log_shards select * from backup",
];

test("requests that wait together are one batch, and every answer proves its leaf by the log's key alone", async () => {
  await using t = await openPlace();
  const steps: string[] = [];
  const log = await t.open((step) => steps.push(step));
  const receipts = await appendAll(log, numbered(700));
  const { size, spki } = await requireWholeTree(t.fastDatabase);
  expect(size).toBe(700);
  // The first alone, then 512 and the rest.
  expect(steps.filter((step) => step === "before-lock")).toHaveLength(3);
  expect(receipts.map(({ placed }) => placed.index)).toEqual(numbered(700).map((_, i) => i));
  for (const receipt of receipts) expect(await faultsOf(receipt, spki)).toEqual([]);
  const [one, other] = [receipts[3], receipts[600]] as [(typeof receipts)[number], (typeof receipts)[number]];
  expect(await faultsOf({ ...one, placed: other.placed }, spki)).not.toEqual([]);
});

test("a leaf that comes again, also twice in one batch, keeps its first place and gets a proof in the tree of today", async () => {
  await using t = await openPlace();
  const log = await t.open();
  const [first] = await appendAll(log, ["same", "same", "other", "same"]);
  await appendAll(log, numbered(40));
  const again = await (await t.open()).append(leaf("same"));
  const { size, spki } = await requireWholeTree(t.fastDatabase);
  expect(size).toBe(42);
  expect(again.placed).toMatchObject({ index: first?.placed.index, integratedAt: first?.placed.integratedAt, existing: true });
  expect(again.proof.size).toBe(42);
  expect(await faultsOf(again, spki)).toEqual([]);
});

test("anybody reads entries and proofs: each entry is in the head, and each head begins with the one before", async () => {
  await using t = await openPlace();
  const log = await t.open();
  const sizes = [1, 7, 8, 33];
  const roots: Uint8Array[] = [];
  let have = 0;
  for (const size of sizes) {
    await appendAll(log, numbered(size - have, have));
    have = size;
    roots.push((await t.fastDatabase.asSystem(readHead)).root);
  }
  await t.fastDatabase.asSystem(async (tx) => {
    const shard = await readHead(tx);
    for (const [i, first] of sizes.entries()) {
      const { firstRoot, secondRoot, hashes } = await readConsistency(tx, shard, first);
      expect(Buffer.from(firstRoot)).toEqual(roots[i]);
      expect(verifyConsistency({ first, second: shard.size, firstRoot, secondRoot, proof: hashes })).toBe(true);
    }
    for (let index = 0; index < have; index += 1) {
      const { entry, proof } = await readEntry(tx, shard, index);
      expect(verifyInclusion({ ...proof, leafHash: leafHash(entry.body), proof: proof.hashes })).toBe(true);
    }
    expect((await readEntries(tx, shard, 10, 3)).map(({ index }) => index)).toEqual([9, 8, 7]);
    expect((await readEntries(tx, shard, 1_000, 2)).map(({ index }) => index)).toEqual([32, 31]);
    await expect(readEntry(tx, shard, 33)).rejects.toMatchObject({ code: "signing.entry-missing" });
    await expect(readConsistency(tx, shard, 34)).rejects.toMatchObject({ code: "signing.entry-missing" });
  });
});

test("a database that was restored from an older backup is not appended to: not by the living process, nor by the next", async () => {
  await using t = await openPlace();
  const log = await t.open();
  await appendAll(log, numbered(5));
  await t.tamper(...BACKUP);
  await appendAll(log, numbered(6, 5));
  await t.tamper(...RESTORE);
  expect((await requireWholeTree(t.fastDatabase)).size).toBe(5);
  const behind = { code: "signing.log-behind", details: { kept: 11, found: 5 } };
  await expect(log.append(leaf("again"))).rejects.toMatchObject(behind);
  await expect((await t.open()).append(leaf("again"))).rejects.toMatchObject(behind);
  expect((await requireWholeTree(t.fastDatabase)).size).toBe(5);
});

test("a restored database that has grown past its copy with other entries is noticed as well", async () => {
  await using t = await openPlace();
  const log = await t.open();
  await appendAll(log, numbered(5));
  await t.tamper(...BACKUP);
  await appendAll(log, numbered(6, 5));
  await t.tamper(...RESTORE);
  // A process with a state directory of its own knows nothing of the six and gives their places to others.
  const elsewhere = await mkdtemp(path.join(t.stateDir, "elsewhere-"));
  await writeFile(path.join(elsewhere, "key-encryption-key"), await readFile(path.join(t.stateDir, "key-encryption-key")));
  await appendAll(await openTestLog({ fastDatabase: t.fastDatabase, stateDir: elsewhere }), numbered(9, 100));
  await expect((await t.open()).append(leaf("again"))).rejects.toMatchObject({ code: "signing.log-behind" });
});

test("a database without the tree that was promised opens no other in silence", async () => {
  await using t = await openPlace();
  await appendAll(await t.open(), numbered(2));
  await t.tamper("delete from log_entries", "delete from log_nodes", "delete from log_shards");
  await expect((await t.open()).append(leaf("again"))).rejects.toMatchObject({
    code: "signing.log-behind",
    details: { kept: 2, found: 0 },
  });
});

test("a tree that is given up stays trusted for what it promised, and the log goes on in a new one", async () => {
  await using t = await openPlace();
  const log = await t.open();
  await appendAll(log, numbered(5));
  await t.tamper(...BACKUP);
  const lost = await log.append(leaf("lost"));
  const [old] = await log.shards();
  await t.tamper(...RESTORE);
  const treeId = lost.placed.treeId;
  await log.giveUp(treeId);
  const next = await log.append(leaf("next"));
  expect(next.placed).toMatchObject({ index: 0 });
  expect(next.placed.treeId).not.toBe(treeId);
  const shards = await (await t.open()).shards();
  expect(shards.map((shard) => [shard.treeId, shard.notAfter === null])).toEqual([
    [treeId, false],
    [next.placed.treeId, true],
  ]);
  expect(await faultsOf(lost, old?.spki ?? "")).toEqual([]);
  // It is read as before, and its entries are proven by the head it had.
  await t.fastDatabase.asSystem(async (tx) => {
    const closed = await readHead(tx, treeId);
    const { entry, proof } = await readEntry(tx, closed, 2);
    expect(entry.body.toString()).toContain(numbered(5)[2] ?? "?");
    expect(verifyInclusion({ ...proof, leafHash: entry.leafHash, proof: proof.hashes, root: closed.root })).toBe(true);
    expect((await readHead(tx)).treeId).toBe(next.placed.treeId);
    await expect(readHead(tx, "7")).rejects.toMatchObject({ code: "signing.tree-missing" });
  });
  // Given up once more by a restart with the same environment: nothing happens.
  await log.giveUp(treeId);
  expect((await log.append(leaf("after"))).placed).toMatchObject({ index: 1, treeId: next.placed.treeId });
});

test("copies of checkpoints: the newest is kept, older ones are removed, and a damaged one is believed by nobody", async () => {
  await using t = await openPlace();
  const log = await t.open();
  for (const text of numbered(4)) await log.append(leaf(text));
  const [treeId] = await readdir(path.join(t.stateDir, "log-heads"));
  const directory = path.join(t.stateDir, "log-heads", treeId ?? "");
  expect(await readdir(directory)).toEqual(["4"]);
  await writeFile(path.join(directory, "5"), "nonsense");
  await expect((await t.open()).append(leaf("again"))).rejects.toThrow(/5 is damaged/);
});

test("neither the tenant's nor the system's role can change or remove what was logged", async () => {
  await using t = await openPlace();
  await appendAll(await t.open(), numbered(3));
  for (const statement of [
    "update log_entries set body = ''",
    "delete from log_entries",
    "delete from log_nodes",
    "update log_nodes set hash = ''",
  ]) {
    await expect(t.fastDatabase.asSystem((tx) => tx.query(statement))).rejects.toMatchObject({ code: "42501" });
  }
  await expect(t.fastDatabase.asSystem((tx) => tx.query("update log_shards set size = 1"))).rejects.toMatchObject({ code: "23000" });
});
