/**
 * What the log keeps and signs about an envelope: Rekor's `dsse` entry, version 0.0.1. Whoever appends builds these bytes, whoever
 * verifies builds them again and compares: nothing of an entry is left unbound.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { type Envelope, envelopeJson } from "./dsse.ts";
import { publicKeyPem } from "./keys.ts";

export const ENTRY_KIND = { kind: "dsse", version: "0.0.1" } as const;

/** `payload` are the bytes of `envelope.payload`; `spki` (base64 DER) is the key that signed. */
export type Witnessed = { readonly envelope: Envelope; readonly payload: Uint8Array; readonly spki: string };

/** The canonical body (RFC 8785): the leaf of the tree is its hash. The keys below stand in canonical order, and all is ASCII. */
export function entryBody({ envelope, payload, spki }: Witnessed): Uint8Array<ArrayBuffer> {
  const verifier = btoa(publicKeyPem(spki));
  const body = {
    apiVersion: ENTRY_KIND.version,
    kind: ENTRY_KIND.kind,
    spec: {
      envelopeHash: { algorithm: "sha256", value: bytesToHex(sha256(utf8ToBytes(envelopeJson(envelope)))) },
      payloadHash: { algorithm: "sha256", value: bytesToHex(sha256(payload)) },
      signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier })),
    },
  };
  return utf8ToBytes(JSON.stringify(body)) as Uint8Array<ArrayBuffer>;
}

/** `body` is base64, `integratedTime` Unix seconds, `logId` hex. */
export type Promised = { readonly body: string; readonly integratedTime: number; readonly logId: string; readonly logIndex: number };

/** What the log signs as its signed entry timestamp: the canonical JSON of its answer. */
export function timestampText({ body, integratedTime, logId, logIndex }: Promised): Uint8Array<ArrayBuffer> {
  return utf8ToBytes(JSON.stringify({ body, integratedTime, logID: logId, logIndex })) as Uint8Array<ArrayBuffer>;
}
