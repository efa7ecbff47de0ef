/** The log's signed heads, read and checked in the browser. Total: whatever is malformed does not hold, nothing throws. */
import { derOf, verifyEcdsa } from "@agent-factory/gate/keys";
import { fromBase64 } from "@agent-factory/tlog/base64";
import { sameBytes } from "@agent-factory/tlog/hash";
import { parseCheckpoint, parseNote, rekorKeyId } from "@agent-factory/tlog/note";
import { verifyConsistency } from "@agent-factory/tlog/proof";
import { bytesToHex, hexToBytes, utf8ToBytes } from "./bytes.ts";

/** A head: size and root of a tree, `root` in hex. `signed`: by the log's own key, as the log of that origin. */
export type Head = { readonly origin: string; readonly size: number; readonly root: string; readonly signed: boolean };

/** `spki` is base64 of the DER. */
export type LogKey = { readonly origin: string; readonly spki: string };

/** Null when the text is no checkpoint. */
export async function readHead(note: string, log: LogKey): Promise<Head | null> {
  const parsed = parseNote(note);
  const checkpoint = parsed ? parseCheckpoint(parsed.text) : null;
  if (!parsed || !checkpoint) return null;
  const { origin, size, root } = checkpoint;
  const signed = await isSigned(parsed.text, parsed.signatures, origin, log);
  return { origin, size, root: bytesToHex(root), signed };
}

type Line = { readonly name: string; readonly keyId: Uint8Array; readonly signature: Uint8Array };

async function isSigned(text: string, lines: readonly Line[], origin: string, log: LogKey): Promise<boolean> {
  try {
    const [line, ...others] = lines;
    if (!line || others.length > 0 || origin !== log.origin || line.name !== origin.split(" - ")[0]) return false;
    if (!sameBytes(line.keyId, rekorKeyId(derOf(log.spki)))) return false;
    return await verifyEcdsa(log.spki, line.signature, utf8ToBytes(text));
  } catch {
    return false;
  }
}

/** A proof as the registry sends it: hashes in hex. */
export type SentConsistency = {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: string;
  readonly secondRoot: string;
  readonly hashes: readonly string[];
};

/** Whether the tree of `second` leaves begins with the one of `first`, whose root the reader already knows. */
export function isConsistent(sent: SentConsistency, known: { readonly size: number; readonly root: string }): boolean {
  const firstRoot = hexToBytes(known.root);
  const secondRoot = hexToBytes(sent.secondRoot);
  const proof = sent.hashes.map(hexToBytes);
  if (sent.first !== known.size || !firstRoot || !secondRoot || proof.includes(null)) return false;
  return verifyConsistency({ first: sent.first, second: sent.second, firstRoot, secondRoot, proof: proof.filter((hash) => hash !== null) });
}

/** The base64 DER inside a PEM; null when it is none. */
export function spkiOfPem(pem: string): string | null {
  const [, body] = /^-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END PUBLIC KEY-----\s*$/.exec(pem) ?? [];
  const spki = body?.replace(/\s/g, "");
  return spki === undefined || fromBase64(spki) === null ? null : spki;
}
