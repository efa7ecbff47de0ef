/** The unmodified verifier of Sigstore as a peer: our bundles are its bundles, and our bytes are those of its signing library. */
import { createPublicKey } from "node:crypto";
import { bundleFromJSON, bundleToJSON, envelopeFromJSON, envelopeToJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import type { Bundle } from "./bundle.ts";
import { envelopeJson, pae } from "./dsse.ts";
import { entryBody, timestampText } from "./entry.ts";
import { verifyBundle } from "./gate.ts";
import { keyHint, logIdOf, publicKeyPem } from "./keys.ts";
import { statementBytes } from "./statement.ts";
import {
  addStrangers,
  assembleBundle,
  createTestLog,
  createTestScene,
  createTestSigner,
  signEnvelope,
  signStatement,
  type TestScene,
} from "./test-signer.ts";

function sigstoreVerifies({ log, signer }: Pick<TestScene, "log" | "signer">, bundle: Bundle): void {
  const { spki, notBefore } = log.trusted();
  const root = TrustedRoot.fromJSON({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [
      {
        baseUrl: "https://log.example",
        hashAlgorithm: "SHA2_256",
        publicKey: { rawBytes: spki, keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: { start: notBefore } },
        logId: { keyId: Buffer.from(log.logId, "hex").toString("base64") },
      },
    ],
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: [],
  });
  const keyFinder = (hint: string) => {
    if (hint !== signer.hint) throw new Error("no such key");
    const publicKey = createPublicKey({ key: Buffer.from(signer.spki, "base64"), format: "der", type: "spki" });
    return { publicKey, validFor: () => true };
  };
  const options = { tlogThreshold: 1, timestampThreshold: 1, ctlogThreshold: 0 };
  new Verifier(toTrustMaterial(root, keyFinder), options).verify(toSignedEntity(bundleFromJSON(bundle)));
}

describe("@sigstore/verify", () => {
  test("accepts what the gate accepts, wherever the entry is in its log", async () => {
    const { signer, statement, at, demands, trust } = createTestScene();
    for (const [before, after] of [
      [0, 0],
      [1, 0],
      [2, 5],
      [7, 0],
      [100, 156],
    ] as const) {
      const log = createTestLog();
      addStrangers(log, before);
      const signed = signStatement(log, signer, statement, at);
      addStrangers(log, after);
      const bundle = structuredClone(signed);
      bundle.verificationMaterial.tlogEntries = [log.entry(before, at)];
      expect(await verifyBundle(bundle, demands, { ...trust, logs: [log.trusted()] })).toMatchObject({ allowed: true });
      expect(() => sigstoreVerifies({ log, signer }, bundle)).not.toThrow();
      // What its own library writes for the same bundle passes the gate as well.
      const rewritten: unknown = JSON.parse(JSON.stringify(bundleToJSON(bundleFromJSON(bundle))));
      expect(await verifyBundle(rewritten, demands, { ...trust, logs: [log.trusted()] })).toMatchObject({ allowed: true });
    }
  });

  test("is a peer that can refuse: a turned bit in the signature, the proof or the timestamp", () => {
    const scene = createTestScene();
    const turned = (base64: string) => {
      const bytes = Buffer.from(base64, "base64");
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      return bytes.toString("base64");
    };
    const [signature, proof, timestamp] = [structuredClone(scene.bundle), structuredClone(scene.bundle), structuredClone(scene.bundle)];
    for (const each of signature.dsseEnvelope.signatures) each.sig = turned(each.sig);
    for (const { inclusionProof } of proof.verificationMaterial.tlogEntries)
      inclusionProof?.hashes?.splice(0, 1, Buffer.alloc(32).toString("base64"));
    for (const { inclusionPromise } of timestamp.verificationMaterial.tlogEntries)
      if (inclusionPromise) inclusionPromise.signedEntryTimestamp = turned(inclusionPromise.signedEntryTimestamp);
    for (const bundle of [signature, proof, timestamp]) expect(() => sigstoreVerifies(scene, bundle)).toThrow();
  });

  test("lets through what the gate refuses: an old form without proof, another payload type, a key id put on afterwards", async () => {
    const scene = createTestScene();
    const { log, signer, at, demands, trust, statement } = scene;
    const old = structuredClone(scene.bundle);
    old.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    for (const entry of old.verificationMaterial.tlogEntries) delete entry.inclusionProof;
    const envelope = signEnvelope(signer, statementBytes(statement), "text/plain");
    const foreign = assembleBundle(signer, envelope, log.entry(log.witness(envelope, signer), at));
    const named = structuredClone(scene.bundle);
    for (const signature of named.dsseEnvelope.signatures) signature.keyid = "somebody else";
    for (const [bundle, refusedBy] of [
      [old, "media-type"],
      [foreign, "payload-type"],
      [named, "entry-binds"],
    ] as const) {
      expect(() => sigstoreVerifies(scene, bundle)).not.toThrow();
      expect(await verifyBundle(bundle, demands, trust)).toMatchObject({ allowed: false, refusedBy });
    }
  });
});

describe("our bytes", () => {
  const { bundle, signer, log } = createTestScene();
  const envelope = bundle.dsseEnvelope;

  test("of an envelope are those that @sigstore/sign submits to a log", () => {
    expect(envelopeJson(envelope)).toBe(JSON.stringify(envelopeToJSON(envelopeFromJSON(envelope))));
    const [signature] = envelope.signatures;
    for (const keyid of [undefined, ""]) {
      const bare = { ...envelope, signatures: [{ sig: signature?.sig ?? "", keyid }] };
      expect(envelopeJson(bare)).toBe(JSON.stringify(envelopeToJSON(envelopeFromJSON(bare))));
    }
  });

  test("of an entry and of a timestamp are canonical JSON", () => {
    const body = new TextDecoder().decode(entryBody({ envelope, payload: Buffer.from(envelope.payload, "base64"), spki: signer.spki }));
    expect(canonicalize(JSON.parse(body))).toBe(body);
    expect(Buffer.from(body).toString("base64")).toBe(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody);
    const text = new TextDecoder().decode(timestampText({ body: "AAAA", integratedTime: 7, logId: log.logId, logIndex: 0 }));
    expect(text).toBe(canonicalize({ body: "AAAA", integratedTime: 7, logID: log.logId, logIndex: 0 }));
  });

  test("of a key's PEM are those of Node, for every kind of key", () => {
    for (const spki of [signer.spki, log.trusted().spki]) {
      const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
      expect(publicKeyPem(spki)).toBe(key.export({ format: "pem", type: "spki" }));
    }
  });

  test("of a payload to sign follow the DSSE specification's example", () => {
    expect(new TextDecoder().decode(pae("http://example.com/HelloWorld", Buffer.from("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
    expect(new TextDecoder().decode(pae("é", Buffer.from("à")))).toBe("DSSEv1 2 é 2 à");
  });

  test("name a key by the hash of its SPKI", () => {
    const { spki } = createTestSigner("t");
    expect(Buffer.from(keyHint(spki), "base64").toString("hex")).toBe(logIdOf(spki));
    expect(() => keyHint("not base64")).toThrow("SPKI");
  });
});
