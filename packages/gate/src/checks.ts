/**
 * The checks, one after the other: this file is the specification of what the gate demands. A check returns the facts that it holds
 * for, or throws. Beside what a Sigstore verifier does, they close what such a verifier leaves open: bundles without time or proof,
 * older bundle forms, foreign payloads, predicates and subjects, windows of keys, and parts of an entry that nobody compares.
 */
import { leafHash, sameBytes } from "@agent-factory/tlog/hash";
import { rekorKeyId } from "@agent-factory/tlog/note";
import { verifyInclusion } from "@agent-factory/tlog/proof";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { BUNDLE_MEDIA_TYPE } from "./bundle.ts";
import { IN_TOTO_PAYLOAD_TYPE, pae } from "./dsse.ts";
import { ENTRY_KIND, entryBody, timestampText } from "./entry.ts";
import { type Evidence, Refused } from "./evidence.ts";
import { derOf, verifyEcdsa, verifyEd25519 } from "./keys.ts";
import { secondsOf, within } from "./trust.ts";
import type { CheckName, Facts } from "./verdict.ts";

export type Check = (evidence: Evidence) => Facts | Promise<Facts>;

/** How far a log's clock may be ahead of ours. */
const MAX_SKEW_SECONDS = 300;

export const checks: { readonly [name in CheckName]: Check } = {
  "bundle-form": ({ bundle }) => ({ payloadBytes: bundle.establish().payload.length }),

  "media-type": ({ bundle }) => {
    const { mediaType } = bundle.get();
    return demand(mediaType === BUNDLE_MEDIA_TYPE, { mediaType });
  },

  "one-signature": ({ bundle, signature }) => {
    const facts = { signatures: bundle.get().signatures.length };
    signature.establish();
    return demand(facts.signatures === 1, facts);
  },

  "one-entry": ({ bundle, entry }) => {
    const facts = { entries: bundle.get().entries.length };
    entry.establish();
    return demand(facts.entries === 1, facts);
  },

  "payload-type": ({ bundle }) => {
    const { payloadType } = bundle.get().envelope;
    return demand(payloadType === IN_TOTO_PAYLOAD_TYPE, { payloadType });
  },

  "key-known": ({ key }) => ({ hint: key.establish().hint }),

  "key-tenant": ({ key, demands }) => {
    const { tenantId } = key.get();
    return demand(tenantId === demands.tenantId, { tenantId });
  },

  signature: async ({ bundle, signature, key }) => {
    const { envelope, payload } = bundle.get();
    const { spki, hint } = key.get();
    return demand(await verifyEd25519(spki, signature.get(), pae(envelope.payloadType, payload)), { algorithm: "Ed25519", hint });
  },

  "statement-form": ({ statement }) => ({ type: statement.establish()._type }),

  "predicate-type": ({ statement, demands }) => {
    const { predicateType } = statement.get();
    return demand(predicateType === demands.predicateType, { predicateType });
  },

  subject: ({ statement, demands }) => {
    const [subject, ...others] = statement.get().subject;
    if (!subject || others.length > 0) throw new Refused("not-one", { subjects: statement.get().subject.length });
    const facts = { name: subject.name, digest: `sha256:${subject.digest.sha256}` };
    if (facts.name !== demands.subject.name) throw new Refused("another-name", facts);
    return demand(facts.digest === demands.subject.digest, facts, "another-digest");
  },

  tenant: ({ statement, demands }) => {
    const { id: tenantId } = statement.get().predicate.tenant;
    return demand(tenantId === demands.tenantId, { tenantId });
  },

  "entry-kind": ({ entry }) => {
    const { kind, version } = entry.get();
    return demand(kind === ENTRY_KIND.kind && version === ENTRY_KIND.version, { kind, version });
  },

  "log-known": ({ logs }) => ({ logId: logs.establish()[0].logId }),

  "entry-binds": ({ bundle, key, entry }) => {
    const { envelope, payload } = bundle.get();
    const { bytes } = entry.get().body;
    return demand(sameBytes(bytes, entryBody({ envelope, payload, spki: key.get().spki })), { bodyBytes: bytes.length });
  },

  timestamp: async ({ entry, logs }) => {
    const { body, integratedTime, integratedAt, logIndex, timestamp } = entry.get();
    if (!timestamp) throw new Refused("missing");
    const [{ spki, logId }] = logs.get();
    const text = timestampText({ body: body.base64, integratedTime, logId, logIndex });
    return demand(await verifyEcdsa(spki, timestamp, text), { integratedTime: integratedAt, logIndex });
  },

  "not-in-future": ({ entry, demands }) => {
    const { integratedTime, integratedAt } = entry.get();
    const facts = { integratedTime: integratedAt, now: demands.now.toISOString() };
    return demand(integratedTime <= demands.now.getTime() / 1000 + MAX_SKEW_SECONDS, facts);
  },

  "log-window": ({ entry, logs }) => {
    const { integratedTime, integratedAt } = entry.get();
    const held = logs.get().some(({ notBefore, notAfter }) => within(integratedTime, notBefore, notAfter));
    return demand(held, { integratedTime: integratedAt, logId: logs.get()[0].logId });
  },

  "key-window": ({ entry, key }) => {
    const { integratedTime, integratedAt } = entry.get();
    const { notBefore, notAfter } = key.get();
    return demand(within(integratedTime, notBefore, notAfter), windowFacts(integratedAt, notBefore, notAfter));
  },

  "key-trusted": ({ entry, key }) => {
    const { integratedTime, integratedAt } = entry.get();
    const { distrustedFrom } = key.get();
    const facts = { integratedTime: integratedAt, ...(distrustedFrom !== null && { distrustedFrom }) };
    return demand(distrustedFrom === null || integratedTime < secondsOf(distrustedFrom), facts);
  },

  inclusion: ({ entry, proof }) => {
    const { index, size, root, hashes } = proof.establish();
    const leaf = leafHash(entry.get().body.bytes);
    const facts = { logIndex: index, treeSize: size, leafHash: bytesToHex(leaf), rootHash: bytesToHex(root), proofHashes: hashes.length };
    // The timestamp signs the one, the proof shows the other: our trees number their own leaves, so they are the same.
    if (index !== entry.get().logIndex) throw new Refused("another-index", facts);
    return demand(verifyInclusion({ index, size, leafHash: leaf, proof: hashes, root }), facts);
  },

  checkpoint: async ({ checkpoint, tree }) => {
    const { note, origin, size, root } = checkpoint.establish();
    const { spki } = tree.establish();
    const facts = { origin, treeSize: size, rootHash: bytesToHex(root) };
    const [line, ...others] = note.signatures;
    if (!line || others.length > 0) throw new Refused("not-one-signature", { ...facts, signatures: note.signatures.length });
    if (line.name !== origin.split(" - ")[0]) throw new Refused("another-name", { ...facts, name: line.name });
    if (!sameBytes(line.keyId, rekorKeyId(derOf(spki)))) throw new Refused("another-key", { ...facts, keyId: bytesToHex(line.keyId) });
    return demand(await verifyEcdsa(spki, line.signature, utf8ToBytes(note.text) as Uint8Array<ArrayBuffer>), facts);
  },

  "checkpoint-agrees": ({ checkpoint, proof }) => {
    const { size, root } = checkpoint.get();
    const facts = { treeSize: size, rootHash: bytesToHex(root) };
    if (size !== proof.get().size) throw new Refused("another-size", facts);
    return demand(sameBytes(root, proof.get().root), facts, "another-root");
  },

  "checkpoint-key-window": ({ entry, tree }) => {
    const { integratedTime, integratedAt } = entry.get();
    const { notBefore, notAfter } = tree.get();
    return demand(within(integratedTime, notBefore, notAfter), windowFacts(integratedAt, notBefore, notAfter));
  },

  "not-revoked": ({ demands, trust }) => {
    const { digest } = demands.subject;
    return demand(!trust.revoked.includes(digest), { digest });
  },
};

function demand(held: boolean, facts: Facts, reason = "not-so"): Facts {
  if (!held) throw new Refused(reason, facts);
  return facts;
}

function windowFacts(integratedTime: string, notBefore: string, notAfter: string | null): Facts {
  return { integratedTime, notBefore, ...(notAfter !== null && { notAfter }) };
}
