/** Whether bytes are what a verified statement speaks of. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";

/** Whether bytes, such as a code archive, have this digest (`sha256:…`). */
export function isArtefact(bytes: Uint8Array, digest: string): boolean {
  return `sha256:${bytesToHex(sha256(bytes))}` === digest;
}

/** Whether a manifest's parsed data has this digest: `sha256:…` over its canonical JSON (RFC 8785). False for what is not JSON data. */
export function isManifest(data: unknown, digest: string): boolean {
  try {
    const text = canonicalize(data);
    return text !== undefined && isArtefact(utf8ToBytes(text), digest);
  } catch {
    return false;
  }
}
