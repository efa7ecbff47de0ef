/**
 * Each attack names the check that refuses it. The whole list of checks that did not hold is compared, and with exactly those left out
 * the attack passes: so each test goes red when its check is removed, and shows what would happen then.
 */
import { sign } from "node:crypto";
import { formatCheckpoint, formatNote, parseNote } from "@agent-factory/tlog/note";
import { afterAll, describe, expect, test } from "vitest";
import type { Bundle } from "./bundle.ts";
import type { Envelope } from "./dsse.ts";
import { verifyBundle, verifyWith } from "./gate.ts";
import { PUBLICATION_TYPE, publicationStatement, type Statement, statementBytes } from "./statement.ts";
import {
  addStrangers,
  assembleBundle,
  type BundleEntry,
  createTestLog,
  createTestScene,
  createTestSigner,
  signEnvelope,
  signStatement,
  type TestScene,
  testDigest,
  testPublication,
} from "./test-signer.ts";
import { type CheckName, checkNames } from "./verdict.ts";

type Attack = Pick<TestScene, "demands" | "trust"> & { readonly bundle: unknown };

const scene = createTestScene();
const { log, signer, statement, publication, at, demands, trust } = scene;
const shown = new Set<CheckName>();

async function expectRefusal(refusing: readonly [CheckName, ...CheckName[]], attack: Partial<Attack>, reason?: string): Promise<void> {
  const { bundle, demands, trust } = { ...scene, ...attack };
  const verdict = await verifyBundle(bundle, demands, trust);
  expect(verdict.steps.filter(({ held }) => !held).map(({ check }) => check)).toEqual(refusing);
  expect(verdict).toMatchObject({ allowed: false, refusedBy: refusing[0], statement: null });
  expect(verdict.steps).toHaveLength(checkNames.length);
  if (reason !== undefined) expect(verdict.steps.find(({ held }) => !held)?.facts.reason).toBe(reason);
  const others = checkNames.filter((name) => !refusing.includes(name));
  expect((await verifyWith(others, bundle, demands, trust)).refusedBy).toBeNull();
  shown.add(refusing[0]);
}

/** The good bundle with one thing changed. */
function changed(change: (bundle: Bundle, entry: BundleEntry) => void): Bundle {
  const bundle = structuredClone(scene.bundle);
  change(bundle, bundle.verificationMaterial.tlogEntries[0] as BundleEntry);
  return bundle;
}

/** Signed by the tenant's key and taken by the log, whatever it says. */
function publishedPayload(payload: Uint8Array, payloadType?: string): Bundle {
  const envelope = signEnvelope(signer, payload, payloadType);
  return assembleBundle(signer, envelope, log.entry(log.witness(envelope, signer), at));
}

const publishedStatement = (over: Partial<Statement>): Bundle => publishedPayload(statementBytes({ ...statement, ...over }));
const witnessed = (envelope: Envelope): Bundle => assembleBundle(signer, envelope, log.entry(log.witness(envelope, signer), at));

afterAll(() => {
  expect(checkNames.filter((name) => !shown.has(name))).toEqual([]);
});

describe("the form of the bundle", () => {
  test.each([
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle.v0.4+json",
    "",
  ])("a downgrade to %s is refused", async (mediaType) => {
    await expectRefusal(["media-type"], { bundle: { ...scene.bundle, mediaType } });
  });

  test("a second signature in the envelope is refused, even when the log took it", async () => {
    const { sig } = signEnvelope(createTestSigner("another"), Buffer.from(scene.bundle.dsseEnvelope.payload, "base64")).signatures[0] ?? {
      sig: "",
    };
    const bundle = witnessed({ ...scene.bundle.dsseEnvelope, signatures: [...scene.bundle.dsseEnvelope.signatures, { sig }] });
    await expectRefusal(["one-signature"], { bundle });
  });

  test("an envelope without signature is refused, even when the log took it", async () => {
    await expectRefusal(["one-signature", "signature"], { bundle: witnessed({ ...scene.bundle.dsseEnvelope, signatures: [] }) }, "none");
  });

  test("a second log entry is refused, even a good one", async () => {
    const bundle = changed(({ verificationMaterial }, entry) => verificationMaterial.tlogEntries.push(structuredClone(entry)));
    await expectRefusal(["one-entry"], { bundle });
  });

  test("a bundle without log entry is refused", async () => {
    const bundle = changed(({ verificationMaterial }) => verificationMaterial.tlogEntries.pop());
    const needy: CheckName[] = [
      "entry-kind",
      "log-known",
      "entry-binds",
      "timestamp",
      "not-in-future",
      "log-window",
      "key-window",
      "key-trusted",
      "inclusion",
      "checkpoint",
      "checkpoint-agrees",
      "checkpoint-key-window",
    ];
    await expectRefusal(["one-entry", ...needy], { bundle }, "none");
  });

  test.each<[string, (bundle: Bundle, entry: BundleEntry) => unknown]>([
    ["an unknown field", (bundle) => Object.assign(bundle, { more: 1 })],
    ["a message signature beside the envelope", (bundle) => Object.assign(bundle, { messageSignature: {} })],
    [
      "a certificate beside the key",
      ({ verificationMaterial }) => Object.assign(verificationMaterial, { certificate: { rawBytes: "AAAA" } }),
    ],
    [
      "an RFC 3161 timestamp",
      ({ verificationMaterial }) =>
        Object.assign(verificationMaterial.timestampVerificationData ?? {}, { rfc3161Timestamps: [{ signedTimestamp: "AAAA" }] }),
    ],
    [
      "base64 of the URL alphabet",
      (bundle) => Object.assign(bundle.dsseEnvelope, { payload: `${bundle.dsseEnvelope.payload.slice(0, -4)}-_-_` }),
    ],
    ["base64 with a line break", (bundle) => Object.assign(bundle.dsseEnvelope, { payload: `${bundle.dsseEnvelope.payload}\n` })],
    ["a time with a sign", (_, entry) => Object.assign(entry, { integratedTime: `+${entry.integratedTime}` })],
    ["a time that is a number", (_, entry) => Object.assign(entry, { integratedTime: Number(entry.integratedTime) })],
    ["an index beyond exact numbers", (_, entry) => Object.assign(entry, { logIndex: "9999999999999999" })],
    [
      "more hashes than a tree has levels",
      (_, entry) => Object.assign(entry.inclusionProof ?? {}, { hashes: Array.from({ length: 65 }, () => "AAAA") }),
    ],
  ])("%s is refused", async (_, change) => {
    const verdict = await verifyBundle(changed(change), demands, trust);
    expect(verdict).toMatchObject({ allowed: false, refusedBy: "bundle-form", statement: null });
    // Without the form there is nothing to look at; what needs no bundle is checked all the same.
    for (const { check, held, facts } of verdict.steps.slice(1)) {
      if (check === "not-revoked") expect(held).toBe(true);
      else expect([held, facts]).toEqual([false, { needs: "bundle-form" }]);
    }
    shown.add("bundle-form");
  });
});

describe("the signing key", () => {
  test("that expired is refused", async () => {
    await expectRefusal(["key-window"], { trust: { ...trust, keys: [signer.trusted({ notAfter: "2026-06-01T12:00:01Z" })] } });
    await expectRefusal(["key-window"], { trust: { ...trust, keys: [signer.trusted({ notAfter: "2026-06-01T12:00:01.999Z" })] } });
  });

  test("that is of the future is refused", async () => {
    await expectRefusal(["key-window"], { trust: { ...trust, keys: [signer.trusted({ notBefore: "2026-06-01T12:00:02Z" })] } });
  });

  test("whose window cannot be read is refused", async () => {
    await expectRefusal(["key-window"], { trust: { ...trust, keys: [signer.trusted({ notBefore: "soon" })] } }, "soon is not a time");
    await expectRefusal(["key-window"], { trust: { ...trust, keys: [signer.trusted({ notAfter: "" })] } });
  });

  test("that was distrusted from a moment at or before the signature is refused", async () => {
    await expectRefusal(["key-trusted"], { trust: { ...trust, keys: [signer.trusted({ distrustedFrom: "2026-05-01T00:00:00Z" })] } });
    await expectRefusal(["key-trusted"], { trust: { ...trust, keys: [signer.trusted({ distrustedFrom: "2026-06-01T12:00:01.999Z" })] } });
    await expectRefusal(["key-trusted"], { trust: { ...trust, keys: [signer.trusted({ distrustedFrom: "never" })] } });
  });

  test("of another tenant is refused", async () => {
    const other = createTestSigner("another tenant");
    const bundle = signStatement(log, other, statement, at);
    await expectRefusal(["key-tenant"], { bundle, trust: { ...trust, keys: [...trust.keys, other.trusted()] } });
  });

  const needKey: CheckName[] = ["key-tenant", "signature", "entry-binds", "key-window", "key-trusted"];
  test("that nobody announced is refused", async () => {
    const bundle = signStatement(log, createTestSigner(demands.tenantId), statement, at);
    await expectRefusal(["key-known", ...needKey], { bundle }, "unknown");
  });

  test("that stands in the trust under the name of another key, or twice, is refused", async () => {
    const { spki } = createTestSigner(demands.tenantId);
    await expectRefusal(["key-known", ...needKey], { trust: { ...trust, keys: [signer.trusted({ spki })] } }, "hint-of-another-key");
    const twice = [signer.trusted(), signer.trusted({ tenantId: "another tenant" })];
    await expectRefusal(["key-known", ...needKey], { trust: { ...trust, keys: twice } }, "ambiguous");
  });

  test("did not make the signature: refused, even when the log took it", async () => {
    const forged = signEnvelope(createTestSigner("forger"), statementBytes(statement));
    await expectRefusal(["signature"], { bundle: witnessed(forged) });
  });

  test("signed another payload type than the envelope says: refused, even when the log took it", async () => {
    const { signatures } = signEnvelope(signer, statementBytes(statement), "text/plain");
    await expectRefusal(["signature"], { bundle: witnessed({ ...scene.bundle.dsseEnvelope, signatures }) });
  });
});

describe("what is stated", () => {
  test("in another payload type is refused", async () => {
    await expectRefusal(["payload-type"], { bundle: publishedPayload(statementBytes(statement), "application/json") });
  });

  test("with another predicate type is refused", async () => {
    await expectRefusal(["predicate-type"], { bundle: publishedStatement({ predicateType: "https://slsa.dev/provenance/v1" }) });
  });

  test("about another version is refused: name and digest must both be asked for", async () => {
    const other = publicationStatement(testPublication({ semver: "1.5.0" }), testDigest("1.5.0"));
    await expectRefusal(["subject"], { bundle: signStatement(log, signer, other, at) }, "another-name");
    await expectRefusal(
      ["subject"],
      { demands: { ...demands, subject: { ...demands.subject, digest: testDigest("other") } } },
      "another-digest",
    );
    const renamed = { ...demands.subject, name: "finance/templates/invoice-triage@1.4.1" };
    await expectRefusal(["subject"], { demands: { ...demands, subject: renamed } }, "another-name");
  });

  test("about two subjects or none is refused", async () => {
    const [subject] = statement.subject;
    const second = { name: demands.subject.name, digest: { sha256: testDigest("other").slice(7) } };
    await expectRefusal(["subject"], { bundle: publishedStatement({ subject: subject ? [subject, second] : [] }) }, "not-one");
    await expectRefusal(["subject"], { bundle: publishedStatement({ subject: [] }) }, "not-one");
  });

  test("for another tenant is refused", async () => {
    const other = testPublication({ tenant: { ...publication.tenant, id: "another tenant" } });
    await expectRefusal(["tenant"], { bundle: signStatement(log, signer, publicationStatement(other, demands.subject.digest), at) });
  });

  const source = () => new TextDecoder().decode(statementBytes(statement));
  test.each<[string, () => Uint8Array]>([
    ["with a space that canonical JSON does not have", () => Buffer.from(`${source()} `)],
    ["with a key twice", () => Buffer.from(source().replace(`"semver":"1.4.0"`, `"semver":"1.3.0","semver":"1.4.0"`))],
    ["behind a byte order mark", () => Buffer.from(`\ufeff${source()}`)],
    ["in bytes that are not UTF-8", () => Buffer.from(source(), "latin1")],
    ["in no JSON", () => Buffer.from("no JSON")],
    ["as another type of statement", () => statementBytes({ ...statement, _type: "https://in-toto.io/Statement/v0.1" as never })],
    ["without tenant", () => statementBytes({ ...statement, predicateType: "https://cyclonedx.org/bom", predicate: {} as never })],
    [
      "by a policy that did not allow it",
      () => statementBytes({ ...statement, predicate: { ...statement.predicate, policy: { revision: "r", rules: [], allowed: false } } }),
    ],
    ["with a field that publications do not have", () => statementBytes({ ...statement, predicate: { ...statement.predicate, more: 1 } })],
    [
      "of a template that is not the subject",
      () => statementBytes({ ...statement, predicate: { ...statement.predicate, template: "other" } }),
    ],
  ])("%s is refused", async (_, payload) => {
    const needStatement: CheckName[] = ["predicate-type", "subject", "tenant"];
    const bundle = publishedPayload(payload());
    const verdict = await verifyBundle(bundle, demands, trust);
    expect(verdict.steps.filter(({ held }) => !held).map(({ check }) => check)).toEqual(["statement-form", ...needStatement]);
    expect(verdict.steps.find(({ check }) => check === "subject")?.facts).toEqual({ needs: "statement-form" });
    shown.add("statement-form");
  });
});

describe("the log entry", () => {
  test("of another kind or version is refused", async () => {
    await expectRefusal(["entry-kind"], { bundle: changed((_, entry) => Object.assign(entry.kindVersion, { kind: "hashedrekord" })) });
    await expectRefusal(["entry-kind"], { bundle: changed((_, entry) => Object.assign(entry.kindVersion, { version: "0.0.2" })) });
  });

  test("of another version of the template is refused, with its own good timestamp and proof", async () => {
    const other = signStatement(log, signer, publicationStatement(testPublication({ semver: "1.5.0" }), testDigest("1.5.0")), at);
    const bundle = changed(({ verificationMaterial }) =>
      Object.assign(verificationMaterial, { tlogEntries: other.verificationMaterial.tlogEntries }),
    );
    await expectRefusal(["entry-binds"], { bundle });
  });

  test("that is not in canonical form is refused, though the log took it", async () => {
    const body = Buffer.from(scene.bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? "", "base64");
    const spaced = log.add(Buffer.concat([body, Buffer.from(" ")]));
    const entry = log.entry(spaced, at);
    await expectRefusal(["entry-binds"], { bundle: assembleBundle(signer, scene.bundle.dsseEnvelope, entry) });
  });

  test("of the same payload by another key is refused, though the log took it", async () => {
    const { signatures } = scene.bundle.dsseEnvelope;
    const entry = log.entry(log.witness({ ...scene.bundle.dsseEnvelope, signatures }, createTestSigner(demands.tenantId)), at);
    await expectRefusal(["entry-binds"], { bundle: assembleBundle(signer, scene.bundle.dsseEnvelope, entry) });
  });

  test("does not fit an envelope whose key id was changed afterwards", async () => {
    const bundle = changed(({ dsseEnvelope }) => Object.assign(dsseEnvelope.signatures[0] ?? {}, { keyid: "another" }));
    await expectRefusal(["entry-binds"], { bundle });
  });

  test("of an unknown log is refused", async () => {
    const stranger = createTestLog();
    const needLog: CheckName[] = ["timestamp", "log-window", "checkpoint", "checkpoint-key-window"];
    await expectRefusal(["log-known", ...needLog], { bundle: signStatement(stranger, signer, statement, at) }, "unknown");
    // The name of our log over another key.
    const forged = { ...trust, logs: [log.trusted({ spki: stranger.trusted().spki })] };
    await expectRefusal(["log-known", ...needLog], { trust: forged }, "unknown");
  });

  test("that claims to be of our log, signed by another, is refused", async () => {
    const stranger = createTestLog();
    const bundle = signStatement(stranger, signer, statement, at);
    const [entry] = bundle.verificationMaterial.tlogEntries;
    if (entry) entry.logId = { keyId: Buffer.from(log.logId, "hex").toString("base64") };
    await expectRefusal(["timestamp", "checkpoint"], { bundle });
  });
});

describe("the signed entry timestamp", () => {
  test("that is missing is refused", async () => {
    await expectRefusal(["timestamp"], { bundle: changed((_, entry) => delete entry.inclusionPromise) }, "missing");
  });

  test("of another time is refused: a time cannot be moved into a key's window", async () => {
    const expired = { ...trust, keys: [signer.trusted({ notAfter: "2026-06-01T00:00:00Z" })] };
    const bundle = changed((_, entry) => Object.assign(entry, { integratedTime: String(Date.parse("2026-05-31T12:00:00Z") / 1000) }));
    await expectRefusal(["timestamp"], { bundle, trust: expired });
    const first = changed((_, entry) => delete entry.integratedTime);
    await expectRefusal(["timestamp", "log-window", "key-window", "checkpoint-key-window"], { bundle: first });
  });

  test("of another index, of another entry or by another key is refused", async () => {
    const set = (signedEntryTimestamp: string) =>
      changed((_, entry) => Object.assign(entry, { inclusionPromise: { signedEntryTimestamp } }));
    await expectRefusal(["timestamp"], { bundle: set(log.timestamp(4, at, 5)) });
    await expectRefusal(["timestamp"], { bundle: set(log.timestamp(3, at, 4)) });
    const stranger = createTestLog();
    addStrangers(stranger, 4);
    stranger.witness(scene.bundle.dsseEnvelope, signer);
    await expectRefusal(["timestamp"], { bundle: set(stranger.timestamp(4, at)) });
  });

  test("in another encoding of the same numbers is refused", async () => {
    const der = Buffer.from(scene.bundle.verificationMaterial.tlogEntries[0]?.inclusionPromise?.signedEntryTimestamp ?? "", "base64");
    const long = Buffer.concat([Buffer.from([0x30, 0x81, der.length - 2]), der.subarray(2)]);
    const padded = Buffer.concat([Buffer.from([0x30, der.length - 1, 0x02, (der[3] ?? 0) + 1, 0x00]), der.subarray(4)]);
    const tail = Buffer.concat([der, Buffer.from([0])]);
    for (const bytes of [long, padded, tail, Buffer.alloc(0), der.subarray(0, -1)]) {
      const bundle = changed((_, entry) => Object.assign(entry, { inclusionPromise: { signedEntryTimestamp: bytes.toString("base64") } }));
      await expectRefusal(["timestamp"], { bundle });
    }
  });

  test("of the future is refused", async () => {
    await expectRefusal(["not-in-future"], { demands: { ...demands, now: new Date("2026-06-01T11:55:00.999Z") } });
    await expectRefusal(["not-in-future"], { demands: { ...demands, now: new Date(Number.NaN) } });
  });
});

describe("the log's key", () => {
  test("outside its window at the time of the entry is refused", async () => {
    const over = { notAfter: "2026-06-01T12:00:00Z" };
    await expectRefusal(["log-window", "checkpoint-key-window"], { trust: { ...trust, logs: [log.trusted(over)] } });
    const later = { notBefore: "2026-06-01T12:00:02Z" };
    await expectRefusal(["log-window", "checkpoint-key-window"], { trust: { ...trust, logs: [log.trusted(later)] } });
  });

  test("on a checkpoint of a tree that was closed before is refused, though the key goes on for the next tree", async () => {
    const next = createTestLog({ like: log, treeId: "2" }).trusted({ notBefore: "2026-06-01T12:00:00Z" });
    const closed = log.trusted({ notAfter: "2026-06-01T12:00:00Z" });
    await expectRefusal(["checkpoint-key-window"], { trust: { ...trust, logs: [closed, next] } });
  });
});

describe("the inclusion proof", () => {
  const needProof: CheckName[] = ["checkpoint", "checkpoint-agrees", "checkpoint-key-window"];

  test("that is missing is refused", async () => {
    await expectRefusal(["inclusion", ...needProof], { bundle: changed((_, entry) => delete entry.inclusionProof) }, "missing");
  });

  test("with a hash too many, too few or another is refused", async () => {
    const hashes = scene.bundle.verificationMaterial.tlogEntries[0]?.inclusionProof?.hashes ?? [];
    const zero = Buffer.alloc(32).toString("base64");
    for (const other of [[...hashes, zero], hashes.slice(1), hashes.with(0, zero), hashes.toReversed(), hashes.with(0, ""), []]) {
      const bundle = changed((_, entry) => Object.assign(entry.inclusionProof ?? {}, { hashes: other }));
      await expectRefusal(["inclusion"], { bundle });
    }
  });

  test("for another size is refused", async () => {
    const bundle = changed((_, entry) => Object.assign(entry.inclusionProof ?? {}, { treeSize: "4" }));
    await expectRefusal(["inclusion", "checkpoint-agrees"], { bundle });
  });

  test("for another index than the one the log promised is refused", async () => {
    const bundle = changed((_, entry) => {
      entry.logIndex = "5";
      entry.inclusionPromise = { signedEntryTimestamp: log.timestamp(4, at, 5) };
    });
    await expectRefusal(["inclusion"], { bundle }, "another-index");
  });

  test("of a log that was cut below the entry is refused", async () => {
    const cut = createTestLog({ like: log });
    addStrangers(cut, 4);
    const bundle = changed((_, { inclusionProof }) =>
      Object.assign(inclusionProof ?? {}, {
        treeSize: "4",
        rootHash: Buffer.from(cut.root()).toString("base64"),
        hashes: [],
        checkpoint: { envelope: cut.checkpoint() },
      }),
    );
    await expectRefusal(["inclusion"], { bundle });
  });

  test("of the honest tree does not show an entry that only a fork has", async () => {
    const fork = createTestLog({ like: log });
    addStrangers(fork, 3);
    const index = fork.witness(scene.bundle.dsseEnvelope, signer);
    addStrangers(fork, 7);
    const entry = fork.entry(index, at);
    // The fork's own proof, under the checkpoint that everybody else sees.
    Object.assign(entry.inclusionProof ?? {}, { checkpoint: { envelope: log.checkpoint(11) } });
    await expectRefusal(["checkpoint-agrees"], { bundle: assembleBundle(signer, scene.bundle.dsseEnvelope, entry) }, "another-root");
  });
});

describe("the checkpoint", () => {
  const withCheckpoint = (envelope: string) =>
    changed((_, { inclusionProof }) => Object.assign(inclusionProof ?? {}, { checkpoint: { envelope } }));
  const note = scene.bundle.verificationMaterial.tlogEntries[0]?.inclusionProof?.checkpoint?.envelope ?? "";
  const { text, signatures } = parseNote(note) ?? { text: "", signatures: [] };
  const [line] = signatures;

  test("that is missing or no checkpoint is refused", async () => {
    const missing = changed((_, { inclusionProof }) => delete inclusionProof?.checkpoint);
    await expectRefusal(["checkpoint", "checkpoint-agrees", "checkpoint-key-window"], { bundle: missing }, "missing");
    for (const broken of ["", note.slice(0, -1), note.replace("\n\n", "\nmore\n\n"), note.replace("\n11\n", "\n011\n"), `\n${note}`]) {
      await expectRefusal(["checkpoint", "checkpoint-agrees", "checkpoint-key-window"], { bundle: withCheckpoint(broken) }, "form");
    }
  });

  test("of an older tree than the proof's is refused, though the log signed it", async () => {
    await expectRefusal(["checkpoint-agrees"], { bundle: withCheckpoint(log.checkpoint(10)) }, "another-size");
  });

  test("of another tree of the same log is refused: nobody vouched for that tree", async () => {
    const other = createTestLog({ like: log, treeId: "2" });
    const bundle = signStatement(other, signer, statement, at);
    await expectRefusal(["checkpoint", "checkpoint-key-window"], { bundle }, "unknown-origin");
  });

  test("whose text or signature was changed is refused", async () => {
    const signature = Buffer.from(line?.signature ?? []);
    const swapped = formatNote({
      text,
      signatures: [{ ...(line ?? { name: "", keyId: Buffer.alloc(4) }), signature: signature.with(8, (signature[8] ?? 0) ^ 1) }],
    });
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(swapped) });
    const root = Buffer.alloc(32, 7);
    const rewritten = formatNote({ text: formatCheckpoint({ origin: log.origin, size: 11, root }), signatures });
    await expectRefusal(["checkpoint", "checkpoint-agrees"], { bundle: withCheckpoint(rewritten) });
  });

  test("by another key, under another name or with another key id is refused", async () => {
    const stranger = createTestLog();
    const good = line ?? { name: "", keyId: Buffer.alloc(4), signature: Buffer.alloc(64) };
    const forged = formatNote({ text, signatures: [{ ...good, signature: sign("sha256", Buffer.from(text), stranger.privateKey) }] });
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(forged) }, "not-so");
    const renamed = formatNote({ text, signatures: [{ ...good, name: "another.example" }] });
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(renamed) }, "another-name");
    const rekeyed = formatNote({ text, signatures: [{ ...good, keyId: Buffer.alloc(4) }] });
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(rekeyed) }, "another-key");
  });

  test("with a second signature line is refused, whoever signed it", async () => {
    const twice = formatNote({ text, signatures: [...signatures, ...signatures] });
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(twice) }, "not-one-signature");
    await expectRefusal(["checkpoint"], { bundle: withCheckpoint(`${note}— witness.example AAAAAAAA\n`) }, "not-one-signature");
  });
});

test("a revoked version is refused, however good its bundle is", async () => {
  await expectRefusal(["not-revoked"], { trust: { ...trust, revoked: [testDigest("other"), demands.subject.digest] } });
});

test("the scene itself is allowed, or nothing above would mean anything", async () => {
  expect(demands.predicateType).toBe(PUBLICATION_TYPE);
  expect(await verifyBundle(scene.bundle, demands, trust)).toMatchObject({ allowed: true });
});
