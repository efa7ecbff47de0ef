/**
 * A Sigstore bundle in its JSON form, as far as we write and read it: one DSSE envelope, a public key by its hint, entries of a log.
 * Whatever else a bundle may hold (certificates, RFC 3161 timestamps, message signatures, unknown fields) is refused, not ignored.
 *
 * Numbers are decimal strings and a zero is left out, as protobuf JSON has it.
 */
import { fromBase64 } from "@agent-factory/tlog/base64";
import { z } from "zod";

export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const count = z.string().regex(/^(0|[1-9][0-9]{0,15})$/);
const short = z.string().max(1000);
const base64 = short;

/** What several entries or signatures would mean is for the checks to say; here they only have a form. */
const bundleSchema = z.strictObject({
  mediaType: short,
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: short }),
    tlogEntries: z
      .array(
        z.strictObject({
          logIndex: count.optional(),
          logId: z.strictObject({ keyId: base64 }),
          kindVersion: z.strictObject({ kind: short, version: short }),
          integratedTime: count.optional(),
          inclusionPromise: z.strictObject({ signedEntryTimestamp: base64 }).optional(),
          inclusionProof: z
            .strictObject({
              logIndex: count.optional(),
              rootHash: base64,
              treeSize: count,
              hashes: z.array(base64).max(64).optional(),
              checkpoint: z.strictObject({ envelope: z.string().max(100_000) }).optional(),
            })
            .optional(),
          canonicalizedBody: z.string().max(100_000),
        }),
      )
      .max(16),
    timestampVerificationData: z.strictObject({ rfc3161Timestamps: z.array(z.never()).optional() }).optional(),
  }),
  dsseEnvelope: z.strictObject({
    payload: z.string().max(4_000_000),
    payloadType: short,
    signatures: z.array(z.strictObject({ sig: base64, keyid: short.optional() })).max(16),
  }),
});
export type Bundle = z.infer<typeof bundleSchema>;

export type Proof = {
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
  /** The signed note; null when the log gave none. */
  readonly checkpoint: string | null;
};

export type Entry = {
  readonly logId: Uint8Array;
  readonly logIndex: number;
  readonly kind: string;
  readonly version: string;
  /** Unix seconds. */
  readonly integratedTime: number;
  /** The same in ISO 8601. */
  readonly integratedAt: string;
  readonly body: { readonly base64: string; readonly bytes: Uint8Array };
  readonly timestamp: Uint8Array | null;
  readonly proof: Proof | null;
};

export type OpenedBundle = {
  readonly mediaType: string;
  readonly hint: string;
  readonly envelope: Bundle["dsseEnvelope"];
  readonly payload: Uint8Array;
  readonly signatures: readonly Uint8Array<ArrayBuffer>[];
  readonly entries: readonly Entry[];
};

/** Reads a bundle once, into data of its own. @throws for whatever does not have the form. */
export function openBundle(bundle: unknown): OpenedBundle {
  const { mediaType, verificationMaterial, dsseEnvelope } = bundleSchema.parse(bundle);
  return {
    mediaType,
    hint: verificationMaterial.publicKey.hint,
    envelope: dsseEnvelope,
    payload: bytesOf(dsseEnvelope.payload),
    signatures: dsseEnvelope.signatures.map(({ sig }) => bytesOf(sig)),
    entries: verificationMaterial.tlogEntries.map((entry) => ({
      logId: bytesOf(entry.logId.keyId),
      logIndex: numberOf(entry.logIndex),
      kind: entry.kindVersion.kind,
      version: entry.kindVersion.version,
      integratedTime: numberOf(entry.integratedTime),
      integratedAt: new Date(numberOf(entry.integratedTime) * 1000).toISOString(),
      body: { base64: entry.canonicalizedBody, bytes: bytesOf(entry.canonicalizedBody) },
      timestamp: entry.inclusionPromise ? bytesOf(entry.inclusionPromise.signedEntryTimestamp) : null,
      proof: entry.inclusionProof
        ? {
            index: numberOf(entry.inclusionProof.logIndex),
            size: numberOf(entry.inclusionProof.treeSize),
            root: bytesOf(entry.inclusionProof.rootHash),
            hashes: (entry.inclusionProof.hashes ?? []).map(bytesOf),
            checkpoint: entry.inclusionProof.checkpoint?.envelope ?? null,
          }
        : null,
    })),
  };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  if (!bytes) throw new RangeError("not base64");
  return bytes;
}

function numberOf(text: string | undefined): number {
  const number = Number(text ?? "0");
  if (!Number.isSafeInteger(number)) throw new RangeError("not an exact number");
  return number;
}
