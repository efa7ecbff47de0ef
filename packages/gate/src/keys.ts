/** Public keys by what they are called, and signatures under them, with WebCrypto: the same in Node and in the browser. */
import { fromBase64, toBase64 } from "@agent-factory/tlog/base64";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** How a bundle names its signing key: base64 of the SHA-256 of the SPKI (base64 DER). */
export function keyHint(spki: string): string {
  return toBase64(sha256(derOf(spki)));
}

/** How a log is named by its key: hex of the SHA-256 of the SPKI (base64 DER). */
export function logIdOf(spki: string): string {
  return bytesToHex(sha256(derOf(spki)));
}

export function publicKeyPem(spki: string): string {
  let lines = "";
  for (let at = 0; at < spki.length; at += 64) lines += `${spki.slice(at, at + 64)}\n`;
  return `-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`;
}

/** @throws when the key cannot be imported. */
export async function verifyEd25519(spki: string, signature: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return crypto.subtle.verify("Ed25519", await imported("Ed25519", spki), signature, message);
}

/** ECDSA over P-256 with SHA-256; the signature is DER, as Rekor writes it. @throws when the key cannot be imported. */
export async function verifyEcdsa(spki: string, signature: Uint8Array, message: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const raw = rawEcdsa(signature);
  return raw !== null && crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, await imported("ECDSA", spki), raw, message);
}

/** @throws for what is not base64: trust with an unreadable key is trust in nobody. */
export function derOf(spki: string): Uint8Array<ArrayBuffer> {
  const der = fromBase64(spki);
  if (!der) throw new RangeError("a key's SPKI is base64 of its DER");
  return der;
}

type Algorithm = "Ed25519" | "ECDSA";
type PublicKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Importing costs as much as verifying, and a process meets few keys. Oldest out first. */
const importedKeys = new Map<string, Promise<PublicKey>>();
const MAX_IMPORTED_KEYS = 1024;

function imported(algorithm: Algorithm, spki: string): Promise<PublicKey> {
  const name = `${algorithm} ${spki}`;
  const known = importedKeys.get(name);
  if (known) return known;
  const parameters = algorithm === "Ed25519" ? { name: algorithm } : { name: algorithm, namedCurve: "P-256" };
  const key = crypto.subtle.importKey("spki", derOf(spki), parameters, false, ["verify"]);
  for (const oldest of importedKeys.keys()) {
    if (importedKeys.size < MAX_IMPORTED_KEYS) break;
    importedKeys.delete(oldest);
  }
  importedKeys.set(name, key);
  // A key that failed once is tried again the next time; who asked now sees the failure.
  key.catch(() => importedKeys.delete(name));
  return key;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const P256_BYTES = 32;

/** `SEQUENCE { INTEGER r, INTEGER s }` to the 64 bytes of WebCrypto. Null unless it is the one DER encoding of two numbers of that size. */
export function rawEcdsa(der: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return null;
  const raw = new Uint8Array(2 * P256_BYTES);
  let at = 2;
  for (const end of [P256_BYTES, 2 * P256_BYTES]) {
    const length = der[at + 1];
    if (der[at] !== INTEGER || length === undefined || length === 0 || at + 2 + length > der.length) return null;
    const integer = der.subarray(at + 2, at + 2 + length);
    const [first = 0, second = 0] = integer;
    // Negative, or a zero in front that is not there to keep it from being negative.
    if (first >= 0x80 || (first === 0 && (length === 1 || second < 0x80))) return null;
    const magnitude = first === 0 ? integer.subarray(1) : integer;
    if (magnitude.length > P256_BYTES) return null;
    raw.set(magnitude, end - magnitude.length);
    at += 2 + length;
  }
  return at === der.length ? raw : null;
}
