/** The two hashes of RFC 6962, section 2.1. The prefixes keep a leaf from ever passing for an inner node. */
import { sha256 } from "@noble/hashes/sha2.js";

export const HASH_BYTES = 32;

/** The hash of an entry's bytes: `SHA-256(0x00 || data)`. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256.create().update(LEAF_PREFIX).update(data).digest();
}

/** The hash of two subtrees, left then right: `SHA-256(0x01 || left || right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + 2 * HASH_BYTES);
  input[0] = 0x01;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return sha256(input);
}

/** The root of the tree without leaves: `SHA-256()`. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

export function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

/** For public values; takes longer the more of the beginning is equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

const LEAF_PREFIX = Uint8Array.of(0x00);
