import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";

/**
 * The canonical JSON of parsed data: RFC 8785 (JCS). No defaults filled in, no units folded: what was written.
 * @throws Error for what JSON cannot say: NaN, infinities, lone surrogates, `undefined`.
 */
export function canonicalJson(data: unknown): string {
  const text = canonicalize(data);
  if (text === undefined) throw new Error("not JSON data");
  return text;
}

/** `sha256:` and 64 hex digits over {@link canonicalJson}. Synchronous, in Node and in the browser. */
export function digestOf(data: unknown): string {
  return sha256Of(utf8ToBytes(canonicalJson(data)));
}

/** The digest of bytes as they are, in the form every artefact and blob is named by. */
export function sha256Of(bytes: Uint8Array): string {
  return `sha256:${bytesToHex(sha256(bytes))}`;
}
