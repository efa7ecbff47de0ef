/**
 * Whom the gate believes, and the signed document in which a host is told. Nothing in a bundle adds to it.
 *
 * Times are ISO 8601 in UTC, windows half-open: `[notBefore, notAfter)`, without end when `notAfter` is null.
 */
import { fromBase64, toBase64 } from "@agent-factory/tlog/base64";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";
import { z } from "zod";
import { type Envelope, pae } from "./dsse.ts";
import { verifyEd25519 } from "./keys.ts";

export type TrustedKey = {
  /** Base64 of the SHA-256 of the key's SPKI. */
  readonly hint: string;
  readonly tenantId: string;
  /** Base64 of the DER. */
  readonly spki: string;
  readonly notBefore: string;
  readonly notAfter: string | null;
  /** What was signed from then on is refused, whatever the window says: the key may be in other hands. */
  readonly distrustedFrom: string | null;
};

/** One tree of a log. A log that opened a new tree under the same key has two of these, told apart by their origins. */
export type TrustedLog = {
  /** Hex of the SHA-256 of the key's SPKI. */
  readonly logId: string;
  /** The first line of the tree's checkpoints: `<host> - <tree id>`. */
  readonly origin: string;
  readonly spki: string;
  readonly notBefore: string;
  readonly notAfter: string | null;
};

export type Trust = {
  readonly keys: readonly TrustedKey[];
  readonly logs: readonly TrustedLog[];
  /** Digests (`sha256:…`) of versions that must not run any more. */
  readonly revoked: readonly string[];
};

/**
 * Whether a log's time is in the window. The log counts whole seconds and rounds down, so the bounds are rounded down as well: a key
 * may sign in the second of its birth, and not in the second of its end.
 */
export function within(timeSeconds: number, notBefore: string, notAfter: string | null): boolean {
  return secondsOf(notBefore) <= timeSeconds && (notAfter === null || timeSeconds < secondsOf(notAfter));
}

/** @throws RangeError for what is not a time: a window with an unreadable bound holds for nothing. */
export function secondsOf(time: string): number {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`${time} is not a time`);
  return Math.floor(ms / 1000);
}

export const TRUST_PAYLOAD_TYPE = "application/vnd.agentfactory.trust+json";

/** What the platform's trust root signs. */
export type TrustDocument = {
  /** Rises with every document: whoever saw one takes no older one. */
  readonly version: number;
  readonly issuedAt: string;
  /** A host that hears nothing newer until then believes nobody. */
  readonly expiresAt: string;
  readonly trust: Trust;
};

export type TrustRefusal = "form" | "payload-type" | "signature" | "older" | "in-future" | "expired";

export class TrustRefused extends Error {
  readonly reason: TrustRefusal;
  constructor(reason: TrustRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** `sign` signs bytes with the trust root: Ed25519, as it is. */
export async function sealTrust(document: TrustDocument, sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>): Promise<Envelope> {
  const payload = utf8ToBytes(canonicalize(documentSchema.parse(document)) ?? "");
  const signature = await sign(pae(TRUST_PAYLOAD_TYPE, payload));
  return { payloadType: TRUST_PAYLOAD_TYPE, payload: toBase64(payload), signatures: [{ sig: toBase64(signature) }] };
}

/**
 * The document in an envelope, from anyone, when the root with this SPKI (base64 DER) signed it, it is not older than `versionMin` and
 * its time has come and not passed. @throws TrustRefused otherwise: then the caller believes what it believed before, or nobody.
 */
export async function openTrust(
  envelope: unknown,
  rootSpki: string,
  { now, versionMin }: { readonly now: Date; readonly versionMin: number },
): Promise<TrustDocument> {
  const parsed = envelopeSchema.safeParse(envelope);
  const [payload, signature] = parsed.success ? [fromBase64(parsed.data.payload), fromBase64(parsed.data.signatures[0].sig)] : [];
  if (!parsed.success || !payload || !signature) throw new TrustRefused("form", "this is no envelope with one signature");
  if (parsed.data.payloadType !== TRUST_PAYLOAD_TYPE) throw new TrustRefused("payload-type", `${parsed.data.payloadType} is not trust`);
  const signed = await verifyEd25519(rootSpki, signature as Uint8Array<ArrayBuffer>, pae(TRUST_PAYLOAD_TYPE, payload)).catch(() => false);
  if (!signed) throw new TrustRefused("signature", "the pinned trust root did not sign this");
  const { version, issuedAt, expiresAt, trust } = documentOf(payload);
  if (version < versionMin) throw new TrustRefused("older", `version ${version} is older than ${versionMin}, which was seen before`);
  if (Date.parse(issuedAt) > now.getTime() + MAX_AHEAD_MS)
    throw new TrustRefused("in-future", `it was issued at ${issuedAt}: compare the clocks`);
  if (Date.parse(expiresAt) <= now.getTime()) throw new TrustRefused("expired", `it expired at ${expiresAt}`);
  return { version, issuedAt, expiresAt, trust };
}

/** How far the registry's clock may be ahead of the host's. */
const MAX_AHEAD_MS = 300_000;

const time = z.iso.datetime();
const name = z.string().min(1).max(1000);
const window = { spki: name, notBefore: time, notAfter: time.nullable() };
const documentSchema = z.strictObject({
  version: z.int().nonnegative(),
  issuedAt: time,
  expiresAt: time,
  trust: z.strictObject({
    keys: z.array(z.strictObject({ hint: name, tenantId: name, ...window, distrustedFrom: time.nullable() })),
    logs: z.array(z.strictObject({ logId: name, origin: name, ...window })),
    revoked: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)),
  }),
});
const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: z.string().max(64_000_000),
  signatures: z.tuple([z.strictObject({ sig: z.string().max(1000), keyid: z.string().max(1000).optional() })]),
});

function documentOf(payload: Uint8Array): TrustDocument {
  try {
    return documentSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload)));
  } catch (error) {
    throw new TrustRefused("form", error instanceof z.ZodError ? (error.issues[0]?.message ?? "malformed") : "this is no JSON");
  }
}
