import { describe, expect, test } from "vitest";
import { verifyBundle, verifyWith } from "./gate.ts";
import { publicationOf, publicationStatement } from "./statement.ts";
import {
  addStrangers,
  assembleBundle,
  createTestLog,
  createTestScene,
  createTestSigner,
  signEnvelope,
  signStatement,
  testDigest,
  testPublication,
} from "./test-signer.ts";
import { checkNames } from "./verdict.ts";

describe("a version that was published", () => {
  test("is allowed, with every check reported in order and the facts that a person wants to see", async () => {
    const { bundle, demands, trust, signer, log, publication, statement } = createTestScene();
    const verdict = await verifyBundle(bundle, demands, trust);
    expect(verdict.steps.filter(({ held }) => !held)).toEqual([]);
    expect(verdict).toMatchObject({ allowed: true, refusedBy: null, statement });
    expect(verdict.steps.map(({ check }) => check)).toEqual([...checkNames]);
    expect(verdict.statement && publicationOf(verdict.statement)).toEqual(publication);
    const facts = Object.fromEntries(verdict.steps.map(({ check, facts }) => [check, facts]));
    const rootHash = Buffer.from(log.root()).toString("hex");
    expect(facts).toMatchObject({
      "key-known": { hint: signer.hint },
      signature: { algorithm: "Ed25519", hint: signer.hint },
      subject: { name: "finance/templates/invoice-triage@1.4.0", digest: testDigest("1.4.0") },
      tenant: { tenantId: publication.tenant.id },
      "log-known": { logId: log.logId },
      timestamp: { integratedTime: "2026-06-01T12:00:01.000Z", logIndex: 4 },
      "key-window": { notBefore: "2026-01-01T00:00:00Z" },
      inclusion: { logIndex: 4, treeSize: 11, rootHash, proofHashes: 4 },
      checkpoint: { origin: log.origin, treeSize: 11, rootHash },
    });
  });

  test("is allowed as the first and only entry of a log, where protobuf JSON leaves zeros and empty lists out", async () => {
    const { signer, statement, demands, trust, at } = createTestScene();
    const log = createTestLog();
    const bundle = signStatement(log, signer, statement, at);
    const [entry] = bundle.verificationMaterial.tlogEntries;
    delete entry?.logIndex;
    delete entry?.inclusionProof?.logIndex;
    delete entry?.inclusionProof?.hashes;
    expect(await verifyBundle(bundle, demands, { ...trust, logs: [log.trusted()] })).toMatchObject({ allowed: true });
  });

  test("stays allowed after its key retired, and when the log has grown and proves it anew", async () => {
    const { log, bundle, demands, trust, signer, at } = createTestScene();
    addStrangers(log, 300);
    const retired = { ...trust, keys: [signer.trusted({ notAfter: "2026-06-01T12:00:02Z", distrustedFrom: "2026-06-01T12:00:02.999Z" })] };
    expect(await verifyBundle(bundle, demands, retired)).toMatchObject({ allowed: true });
    const anew = structuredClone(bundle);
    anew.verificationMaterial.tlogEntries = [log.entry(4, at)];
    expect(await verifyBundle(anew, demands, retired)).toMatchObject({ allowed: true });
  });

  test("may be signed in the second in which its key was made, and up to five minutes ahead of our clock", async () => {
    const { bundle, demands, trust, signer } = createTestScene();
    const born = { ...trust, keys: [signer.trusted({ notBefore: "2026-06-01T12:00:01.900Z" })] };
    expect(await verifyBundle(bundle, demands, born)).toMatchObject({ allowed: true });
    expect(await verifyBundle(bundle, { ...demands, now: new Date("2026-06-01T11:55:01Z") }, trust)).toMatchObject({ allowed: true });
  });

  test("may be signed without a key id in its envelope, whether it is left out or empty", async () => {
    const { log, signer, statement, demands, trust, at, bundle } = createTestScene();
    const { keyid: _, ...bare } = bundle.dsseEnvelope.signatures[0] ?? { sig: "" };
    const envelope = { ...bundle.dsseEnvelope, signatures: [bare] };
    const left = assembleBundle(signer, envelope, log.entry(log.witness(envelope, signer), at));
    const empty = { ...left, dsseEnvelope: { ...envelope, signatures: [{ ...bare, keyid: "" }] } };
    expect(await verifyBundle(left, demands, trust)).toMatchObject({ allowed: true, statement });
    expect(await verifyBundle(empty, demands, trust)).toMatchObject({ allowed: true });
  });

  test("without parent, code or review is allowed: the system seeded it", async () => {
    const { log, signer, demands, trust, at } = createTestScene();
    const seeded = testPublication({ parent: null, codeDigest: null, review: null });
    const bundle = signStatement(log, signer, publicationStatement(seeded, demands.subject.digest), at);
    expect(await verifyBundle(bundle, demands, trust)).toMatchObject({ allowed: true });
  });

  test("is allowed whatever other keys, trees and revocations there are", async () => {
    const { bundle, demands, trust, log } = createTestScene();
    const crowded = {
      keys: [createTestSigner("another tenant").trusted(), ...trust.keys],
      logs: [createTestLog().trusted(), createTestLog({ like: log, treeId: "7" }).trusted(), ...trust.logs],
      revoked: [testDigest("another version")],
    };
    expect(await verifyBundle(bundle, demands, crowded)).toMatchObject({ allowed: true });
  });
});

test("attestations of other kinds pass by the same gate, when they name their tenant", async () => {
  const { log, signer, demands, trust, at, statement } = createTestScene();
  const predicateType = "https://cyclonedx.org/bom";
  const sbom = { ...statement, predicateType, predicate: { tenant: { id: demands.tenantId }, components: [] } };
  const bundle = signStatement(log, signer, sbom, at);
  expect(await verifyBundle(bundle, { ...demands, predicateType }, trust)).toMatchObject({ allowed: true, statement: sbom });
});

test("what was verified once is not kept as an answer: the next bundle is judged for itself", async () => {
  const { bundle, demands, trust, signer } = createTestScene();
  const broken = structuredClone(bundle);
  broken.dsseEnvelope = { ...signEnvelope(signer, Buffer.from("{}")), signatures: broken.dsseEnvelope.signatures };
  const verdicts = await Promise.all([bundle, broken, bundle].map((each) => verifyBundle(each, demands, trust)));
  expect(verdicts.map(({ allowed }) => allowed)).toEqual([true, false, true]);
});

test("no checks are no permission", async () => {
  const { bundle, demands, trust } = createTestScene();
  expect(await verifyWith([], bundle, demands, trust)).toMatchObject({ allowed: false, statement: null });
});
