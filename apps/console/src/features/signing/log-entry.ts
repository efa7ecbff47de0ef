/** Whether an entry is in the log, worked out again from its bytes up to the head that the log signed. Never throws. */
import { leafHash } from "@agent-factory/tlog/hash";
import { verifyInclusion } from "@agent-factory/tlog/proof";
import { bytesToHex, hexToBytes, utf8ToBytes } from "./bytes.ts";
import { readHead, spkiOfPem } from "./checkpoint.ts";

export type LogStepName = "leaf" | "inclusion" | "checkpoint" | "signature";
export type LogStep = { readonly name: LogStepName; readonly held: boolean };
export type LogEntryReport = { readonly held: boolean; readonly steps: readonly LogStep[]; readonly leafHash: string };

export type LogEntryAnswer = {
  readonly index: number;
  /** The entry's bytes, as text. */
  readonly body: string;
  /** Hashes are hex. */
  readonly leafHash: string;
  readonly proof: { readonly index: number; readonly size: number; readonly root: string; readonly hashes: readonly string[] };
  readonly checkpoint: string;
  readonly shard: { readonly origin: string; readonly publicKeyPem: string };
};

/** `index` is the one that was asked for: an entry of another place is no answer. */
export async function checkLogEntry(index: number, answer: LogEntryAnswer): Promise<LogEntryReport> {
  const computed = leafHash(utf8ToBytes(answer.body));
  const { size, root, hashes } = answer.proof;
  const rootBytes = hexToBytes(root);
  const path = hashes.map(hexToBytes);
  const spki = spkiOfPem(answer.shard.publicKeyPem);
  const head = spki === null ? null : await readHead(answer.checkpoint, { origin: answer.shard.origin, spki });
  const included =
    answer.index === index &&
    answer.proof.index === index &&
    rootBytes !== null &&
    !path.includes(null) &&
    verifyInclusion({ index, size, leafHash: computed, proof: path.filter((hash) => hash !== null), root: rootBytes });
  const steps: readonly LogStep[] = [
    { name: "leaf", held: bytesToHex(computed) === answer.leafHash },
    { name: "inclusion", held: included },
    { name: "checkpoint", held: head !== null && head.size === size && head.root === root },
    { name: "signature", held: head?.signed ?? false },
  ];
  return { held: steps.every(({ held }) => held), steps, leafHash: bytesToHex(computed) };
}
