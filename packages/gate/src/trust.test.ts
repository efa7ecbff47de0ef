import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openTrust, sealTrust, TRUST_PAYLOAD_TYPE, type Trust, type TrustDocument } from "./trust.ts";

const pair = generateKeyPairSync("ed25519");
const spkiOf = (key: KeyObject) => key.export({ format: "der", type: "spki" }).toString("base64");
const root = spkiOf(pair.publicKey);
const now = new Date("2026-11-24T10:00:00Z");
const key = { hint: "aGludA==", tenantId: "t", spki: "c3BraQ==", notBefore: "2026-11-01T00:00:00Z", notAfter: null, distrustedFrom: null };
const log = { logId: "ab", origin: "factory.test - 1", spki: "c3BraQ==", notBefore: "2026-11-01T00:00:00Z", notAfter: null };
const trust: Trust = { keys: [key], logs: [log], revoked: [`sha256:${"0".repeat(64)}`] };
const document: TrustDocument = { version: 7, issuedAt: "2026-11-24T09:59:00Z", expiresAt: "2026-11-25T09:59:00Z", trust };
const seal = (over: Partial<TrustDocument> = {}, by = pair.privateKey) =>
  sealTrust({ ...document, ...over }, (bytes) => sign(null, bytes, by));
const refusal = (envelope: unknown, over: { now?: Date; versionMin?: number } = {}) =>
  openTrust(envelope, root, { now, versionMin: 7, ...over }).then(
    () => null,
    (error: { reason?: string }) => error.reason ?? String(error),
  );

test("what the pinned root signed is opened as it was sealed, after a way through JSON", async () => {
  expect(await openTrust(JSON.parse(JSON.stringify(await seal())), root, { now, versionMin: 7 })).toEqual(document);
});

test("each reason to refuse has its name", async () => {
  const envelope = await seal();
  const other = generateKeyPairSync("ed25519");
  expect(await refusal(await seal({}, other.privateKey))).toBe("signature");
  expect(await openTrust(envelope, spkiOf(other.publicKey), { now, versionMin: 7 }).catch((error) => error.reason)).toBe("signature");
  expect(await openTrust(envelope, "nonsense", { now, versionMin: 7 }).catch((error) => error.reason)).toBe("signature");
  expect(await refusal(envelope, { versionMin: 8 })).toBe("older");
  expect(await refusal(envelope, { now: new Date("2026-11-25T09:59:00Z") })).toBe("expired");
  expect(await refusal(envelope, { now: new Date("2026-11-25T09:58:59Z") })).toBeNull();
  expect(await refusal(envelope, { now: new Date("2026-11-24T09:53:59Z") })).toBe("in-future");
  expect(await refusal({ ...envelope, payloadType: "application/vnd.in-toto+json" })).toBe("payload-type");
  expect(await refusal({ ...envelope, signatures: [] })).toBe("form");
  expect(await refusal({ ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] })).toBe("form");
  expect(await refusal(null)).toBe("form");
});

test("an envelope that was signed for another purpose is no trust, whatever it says it is", async () => {
  const payload = Buffer.from((await seal()).payload, "base64");
  const type = "application/vnd.in-toto+json";
  const encoded = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const sig = sign(null, encoded, pair.privateKey).toString("base64");
  expect(await refusal({ payloadType: TRUST_PAYLOAD_TYPE, payload: payload.toString("base64"), signatures: [{ sig }] })).toBe("signature");
});

test("trust in another form is not trust, even when the root signed it", async () => {
  const raw = async (payload: string) => {
    const bytes = Buffer.from(payload);
    const encoded = Buffer.concat([Buffer.from(`DSSEv1 ${TRUST_PAYLOAD_TYPE.length} ${TRUST_PAYLOAD_TYPE} ${bytes.length} `), bytes]);
    return {
      payloadType: TRUST_PAYLOAD_TYPE,
      payload: bytes.toString("base64"),
      signatures: [{ sig: sign(null, encoded, pair.privateKey).toString("base64") }],
    };
  };
  expect(await refusal(await raw(JSON.stringify(document)))).toBeNull();
  for (const payload of [
    "{}",
    "nonsense",
    JSON.stringify({ ...document, version: 7.5 }),
    JSON.stringify({ ...document, trust: { keys: [], logs: [] } }),
  ]) {
    expect(await refusal(await raw(payload))).toBe("form");
  }
  await expect(seal({ trust: { ...trust, revoked: ["sha256:short"] } })).rejects.toThrow();
});

test("no change of any byte of payload or signature is accepted", async () => {
  const envelope = await seal();
  const [signature] = envelope.signatures;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (inPayload, at, change) => {
      const bytes = Buffer.from(inPayload ? envelope.payload : (signature?.sig ?? ""), "base64");
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ change;
      const text = bytes.toString("base64");
      expect(await refusal(inPayload ? { ...envelope, payload: text } : { ...envelope, signatures: [{ sig: text }] })).toBe("signature");
    }),
  );
});
