import { leafHash } from "@agent-factory/tlog/hash";
import { expect, test } from "vitest";
import { bytesToHex } from "./bytes.ts";
import { checkLogEntry, type LogEntryAnswer } from "./log-entry.ts";
import { TestLog } from "./test-bundle.ts";

const pemOf = (spki: string) => `-----BEGIN PUBLIC KEY-----\n${spki.replace(/.{64}(?=.)/g, "$&\n")}\n-----END PUBLIC KEY-----\n`;

function answerOf(log: TestLog, index: number): LogEntryAnswer {
  const bytes = log.bodies[index] ?? new Uint8Array();
  const size = log.bodies.length;
  return {
    index,
    body: new TextDecoder().decode(bytes),
    leafHash: bytesToHex(leafHash(bytes)),
    proof: { index, size, root: bytesToHex(log.root()), hashes: log.inclusion(index).map(bytesToHex) },
    checkpoint: log.checkpoint(),
    shard: { origin: log.origin, publicKeyPem: pemOf(log.spki) },
  };
}

function logOf(size: number): TestLog {
  const log = new TestLog();
  for (let index = 0; index < size; index += 1) log.grow();
  return log;
}

const refused = async (index: number, answer: LogEntryAnswer) =>
  (await checkLogEntry(index, answer)).steps.filter(({ held }) => !held).map(({ name }) => name);

test("every entry of a log is found in it", async () => {
  const log = logOf(7);
  for (let index = 0; index < 7; index += 1) expect(await checkLogEntry(index, answerOf(log, index))).toMatchObject({ held: true });
});

test("another body, another place, another head or another log's key is refused where it differs", async () => {
  const log = logOf(7);
  const good = answerOf(log, 3);
  expect(await refused(3, { ...good, body: '{"entry":4}' })).toEqual(["leaf", "inclusion"]);
  expect(await refused(4, good)).toEqual(["inclusion"]);
  expect(await refused(3, { ...good, index: 4 })).toEqual(["inclusion"]);
  expect(await refused(3, { ...good, checkpoint: log.checkpoint(6) })).toEqual(["checkpoint"]);
  expect(await refused(3, { ...good, shard: { ...good.shard, publicKeyPem: pemOf(new TestLog().spki) } })).toEqual(["signature"]);
  // The signature of an older head under this one, by the same key.
  const [signature] = log.checkpoint(6).split("\n").slice(-2);
  expect(await refused(3, { ...good, checkpoint: good.checkpoint.replace(/— .*/, signature ?? "") })).toEqual(["signature"]);
  expect(await refused(3, { ...good, shard: { ...good.shard, publicKeyPem: "no key" } })).toEqual(["checkpoint", "signature"]);
  expect(await refused(3, { ...good, proof: { ...good.proof, hashes: good.proof.hashes.slice(1) } })).toEqual(["inclusion"]);
  expect(await refused(3, { ...good, proof: { ...good.proof, hashes: ["zz"] } })).toEqual(["inclusion"]);
});
