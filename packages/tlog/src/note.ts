/**
 * Signed notes (C2SP signed-note) and the checkpoints in them (C2SP tlog-checkpoint), as text: nothing here signs or verifies.
 *
 *     log.example - 1193050959916656506      origin
 *     42                                     size
 *     qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=   root
 *                                            (blank line: above it is what is signed, with its last line break)
 *     — log.example wNI9aj…                  one line a signature: name, base64 of key id (4 bytes) and signature
 *
 * Parsing is total (null for whatever is malformed) and strict: one text for each meaning.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64, toBase64 } from "./base64.ts";
import { HASH_BYTES, isHash } from "./hash.ts";
import { isSize } from "./tree.ts";

export type SignatureLine = { readonly name: string; readonly keyId: Uint8Array; readonly signature: Uint8Array };

/** `text` is exactly what is signed (as UTF-8), line break at the end included. */
export type Note = { readonly text: string; readonly signatures: readonly SignatureLine[] };

/** @throws RangeError for what {@link parseNote} would not read back. */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => `— ${name} ${toBase64(concatBytes(keyId, signature))}\n`);
  const note = `${text}\n${lines.join("")}`;
  if (parseNote(note)?.signatures.length !== signatures.length) throw new RangeError("not a note: see C2SP signed-note");
  return note;
}

export function parseNote(note: string): Note | null {
  if (note.length > MAX_NOTE_LENGTH || !note.isWellFormed() || CONTROL.test(note)) return null;
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) return null;
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) return null;
  const signatures: SignatureLine[] = [];
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE.exec(line) ?? [];
    const bytes = encoded === undefined ? null : fromBase64(encoded);
    if (name === undefined || !bytes || bytes.length <= KEY_ID_BYTES) return null;
    signatures.push({ name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) });
  }
  return { text: note.slice(0, split + 1), signatures };
}

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

/** The text that a log signs and a witness cosigns. @throws RangeError for what {@link parseCheckpoint} would not read back. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${toBase64(root)}\n`;
  if (!isHash(root) || parseCheckpoint(text)?.origin !== origin) throw new RangeError("not a checkpoint: see C2SP tlog-checkpoint");
  return text;
}

/** Extension lines are refused: our log writes none, and nobody here would check them. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin, size, encoded] = CHECKPOINT.exec(text) ?? [];
  const root = encoded === undefined ? null : fromBase64(encoded);
  if (origin === undefined || !isSize(Number(size)) || root?.length !== HASH_BYTES) return null;
  return { origin, size: Number(size), root };
}

/** The key id of a note's Ed25519 signature; `publicKey` has 32 bytes. */
export function ed25519KeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return keyId(name, ED25519, publicKey);
}

/** The key id of a witness's Ed25519 cosignature (C2SP tlog-cosignature); `publicKey` has 32 bytes. */
export function cosignatureKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return keyId(name, COSIGNATURE_V1, publicKey);
}

/** Rekor's id for its ECDSA key: the beginning of the log id, whatever the name. `spki` is DER. */
export function rekorKeyId(spki: Uint8Array): Uint8Array {
  return sha256(spki).subarray(0, KEY_ID_BYTES);
}

/** What a log publishes for others to check its Ed25519 notes with: `name+id+key`. */
export function ed25519VerifierKey(name: string, publicKey: Uint8Array): string {
  return verifierKey(name, ED25519, publicKey);
}

/** What a witness publishes for others to check its cosignatures with: `name+id+key`. */
export function cosignatureVerifierKey(name: string, publicKey: Uint8Array): string {
  return verifierKey(name, COSIGNATURE_V1, publicKey);
}

/** What a witness signs: that it saw this checkpoint at `timeSeconds` (Unix time) and none that contradicts it. */
export function cosignatureText(timeSeconds: number, checkpoint: string): string {
  return `cosignature/v1\ntime ${timeSeconds}\n${checkpoint}`;
}

/** What stands behind the key id in a cosignature's line: the time as a big-endian uint64, then the Ed25519 signature. */
export function formatCosignature(timeSeconds: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + signature.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timeSeconds));
  bytes.set(signature, 8);
  return bytes;
}

export function parseCosignature(bytes: Uint8Array): { timeSeconds: number; signature: Uint8Array } | null {
  if (bytes.length !== 8 + 64) return null;
  const timeSeconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  return isSize(timeSeconds) ? { timeSeconds, signature: bytes.subarray(8) } : null;
}

const ED25519 = 0x01;
const COSIGNATURE_V1 = 0x04;
const KEY_ID_BYTES = 4;
const MAX_SIGNATURES = 100;
const MAX_NOTE_LENGTH = 1_000_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note may not hold
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/u;

function keyId(name: string, algorithm: number, publicKey: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(`${name}\n`), Uint8Array.of(algorithm), publicKey)).subarray(0, KEY_ID_BYTES);
}

function verifierKey(name: string, algorithm: number, publicKey: Uint8Array): string {
  const id = Array.from(keyId(name, algorithm, publicKey), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${name}+${id}+${toBase64(concatBytes(Uint8Array.of(algorithm), publicKey))}`;
}
