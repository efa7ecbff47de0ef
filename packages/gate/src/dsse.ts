/** Dead Simple Signing Envelope, version 1 (github.com/secure-systems-lab/dsse). */
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** The JSON form: `payload` and `sig` are base64. `keyid` says nothing that anybody relies on. */
export type Envelope = {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string; readonly keyid?: string | undefined }[];
};

/** The pre-authentication encoding: the bytes that a DSSE signature is over. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = utf8ToBytes(payloadType);
  return concatBytes(utf8ToBytes(`DSSEv1 ${type.length} `), type, utf8ToBytes(` ${payload.length} `), payload) as Uint8Array<ArrayBuffer>;
}

/**
 * The one text of an envelope that our log hashes. DSSE and Rekor leave it open; this is what `@sigstore/sign` submits: the protobuf
 * JSON with its fields in this order, an empty `keyid` left out.
 */
export function envelopeJson({ payload, payloadType, signatures }: Envelope): string {
  return JSON.stringify({ payload, payloadType, signatures: signatures.map(({ sig, keyid }) => (keyid ? { sig, keyid } : { sig })) });
}
