/**
 * Real signatures for tests: a tenant's Ed25519 key, a transparency log with its own ECDSA key and tree, and the bundles they make.
 * Each step stands alone, so that a test can do one of them wrongly and the rest as it should be.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { leafHash } from "@agent-factory/tlog/hash";
import { formatCheckpoint, formatNote, rekorKeyId } from "@agent-factory/tlog/note";
import { inclusionProof } from "@agent-factory/tlog/proof";
import { append, noPeaks, type Peaks, rootOf, type TreeNode } from "@agent-factory/tlog/tree";
import { BUNDLE_MEDIA_TYPE, type Bundle } from "./bundle.ts";
import { type Envelope, IN_TOTO_PAYLOAD_TYPE, pae } from "./dsse.ts";
import { ENTRY_KIND, entryBody, timestampText } from "./entry.ts";
import { keyHint, logIdOf } from "./keys.ts";
import { PUBLICATION_TYPE, type Publication, publicationStatement, type Statement, statementBytes } from "./statement.ts";
import type { Trust, TrustedKey, TrustedLog } from "./trust.ts";
import type { Demands } from "./verdict.ts";

export type TestSigner = {
  readonly privateKey: KeyObject;
  readonly spki: string;
  readonly hint: string;
  trusted(over?: Partial<TrustedKey>): TrustedKey;
};

export function createTestSigner(tenantId: string): TestSigner {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const hint = keyHint(spki);
  const trusted: TrustedKey = { hint, tenantId, spki, notBefore: "2026-01-01T00:00:00Z", notAfter: null, distrustedFrom: null };
  return { privateKey, spki, hint, trusted: (over) => ({ ...trusted, ...over }) };
}

/** A DSSE envelope over the payload, with the key's hint as its key id, as `@sigstore/sign` writes it. */
export function signEnvelope(signer: TestSigner, payload: Uint8Array, payloadType = IN_TOTO_PAYLOAD_TYPE): Envelope {
  const sig = sign(null, pae(payloadType, payload), signer.privateKey).toString("base64");
  return { payloadType, payload: Buffer.from(payload).toString("base64"), signatures: [{ sig, keyid: signer.hint }] };
}

export type BundleEntry = Bundle["verificationMaterial"]["tlogEntries"][number];

export type TestLog = {
  readonly logId: string;
  readonly origin: string;
  readonly privateKey: KeyObject;
  trusted(over?: Partial<TrustedLog>): TrustedLog;
  size(): number;
  root(size?: number): Uint8Array;
  /** Adds a leaf. @returns its index. */
  add(body: Uint8Array): number;
  /** Adds the entry of an envelope. @returns its index. */
  witness(envelope: Envelope, signer: TestSigner): number;
  /** The entry of a leaf as a bundle carries it, proved in the tree of `size` leaves (all that there are). */
  entry(index: number, at: Date, size?: number): BundleEntry;
  /** The signed entry timestamp: base64 of DER. */
  timestamp(index: number, at: Date, logIndex?: number): string;
  /** The signed note over a text; over the checkpoint of the tree of `size` leaves when there is none. */
  checkpoint(size?: number, text?: string): string;
};

/** `like` shares its key: another tree of the same log. */
export function createTestLog({
  host = "log.example",
  treeId = "1193050959916656506",
  like,
}: {
  host?: string;
  treeId?: string;
  like?: TestLog;
} = {}): TestLog {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const privateKey = like?.privateKey ?? pair.privateKey;
  const spki = like?.trusted().spki ?? pair.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const [logId, origin] = [logIdOf(spki), `${host} - ${treeId}`];
  const trusted: TrustedLog = { logId, origin, spki, notBefore: "2026-01-01T00:00:00Z", notAfter: null };
  const bodies: Uint8Array[] = [];
  const nodes: TreeNode[] = [];
  const peaksBySize: Peaks[] = [noPeaks];

  const log: TestLog = {
    logId,
    origin,
    privateKey,
    trusted: (over) => ({ ...trusted, ...over }),
    size: () => bodies.length,
    root: (size = bodies.length) => rootOf(peaksBySize[size] ?? noPeaks),
    add(body) {
      const next = append(peaksBySize[bodies.length] ?? noPeaks, leafHash(body));
      peaksBySize.push(next.peaks);
      nodes.push(...next.nodes);
      return bodies.push(body) - 1;
    },
    witness: (envelope, signer) => log.add(entryBody({ envelope, payload: Buffer.from(envelope.payload, "base64"), spki: signer.spki })),
    entry: (index, at, size = bodies.length) => ({
      logIndex: String(index),
      logId: { keyId: Buffer.from(logId, "hex").toString("base64") },
      kindVersion: { ...ENTRY_KIND },
      integratedTime: String(secondsOf(at)),
      inclusionPromise: { signedEntryTimestamp: log.timestamp(index, at) },
      inclusionProof: {
        logIndex: String(index),
        rootHash: Buffer.from(log.root(size)).toString("base64"),
        treeSize: String(size),
        hashes: inclusionProof(index, size, nodes).map((hash) => Buffer.from(hash).toString("base64")),
        checkpoint: { envelope: log.checkpoint(size) },
      },
      canonicalizedBody: Buffer.from(bodies[index] ?? []).toString("base64"),
    }),
    timestamp(index, at, logIndex = index) {
      const body = Buffer.from(bodies[index] ?? []).toString("base64");
      return sign("sha256", timestampText({ body, integratedTime: secondsOf(at), logId, logIndex }), privateKey).toString("base64");
    },
    checkpoint(size = bodies.length, text = formatCheckpoint({ origin, size, root: log.root(size) })) {
      const signature = sign("sha256", Buffer.from(text), privateKey);
      return formatNote({ text, signatures: [{ name: host, keyId: rekorKeyId(Buffer.from(spki, "base64")), signature }] });
    },
  };
  return log;
}

export function assembleBundle(signer: TestSigner, envelope: Envelope, entry: BundleEntry): Bundle {
  return {
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: signer.hint }, tlogEntries: [entry], timestampVerificationData: {} },
    dsseEnvelope: { ...envelope, signatures: envelope.signatures.map((signature) => ({ ...signature })) },
  };
}

/** The whole way, done right. */
export function signStatement(log: TestLog, signer: TestSigner, statement: Statement, at: Date): Bundle {
  const envelope = signEnvelope(signer, statementBytes(statement));
  return assembleBundle(signer, envelope, log.entry(log.witness(envelope, signer), at));
}

/** Any number of leaves that somebody else put there. */
export function addStrangers(log: TestLog, count: number): void {
  for (let i = 0; i < count; i += 1) log.add(Buffer.from(`stranger ${log.size()}`));
}

export const testDigest = (content: string): string => `sha256:${createHash("sha256").update(content).digest("hex")}`;

export function testPublication(over: Partial<Publication> = {}): Publication {
  return {
    tenant: { id: "8f7d2a34-5d0b-4a87-9d15-0c4ad1d1f0aa", slug: "finance" },
    template: "invoice-triage",
    semver: "1.4.0",
    parent: { semver: "1.3.2", digest: testDigest("1.3.2") },
    codeDigest: testDigest("code"),
    review: {
      id: "0b51f2f3-6bb5-4a1b-8f5e-2f3c0a3e7a11",
      number: 12,
      revision: 3,
      policyRevision: testDigest("policy"),
      contributors: ["ada"],
      approvals: [{ by: { id: "bob", name: "Bob Étienne" }, at: "2026-06-01T11:59:00.000Z" }],
    },
    policy: { revision: testDigest("policy"), rules: ["templates.reviewed"], allowed: true },
    publishedAt: "2026-06-01T12:00:00.000Z",
    ...over,
  };
}

/** One published version with all that is needed to verify it, and a log in which others wrote before and after. */
export type TestScene = {
  readonly log: TestLog;
  readonly signer: TestSigner;
  readonly publication: Publication;
  readonly statement: Statement;
  /** When the log took it. */
  readonly at: Date;
  readonly bundle: Bundle;
  readonly demands: Demands;
  readonly trust: Trust;
};

export function createTestScene(): TestScene {
  const [publication, digest, at] = [testPublication(), testDigest("1.4.0"), new Date("2026-06-01T12:00:01Z")];
  const [signer, log] = [createTestSigner(publication.tenant.id), createTestLog()];
  const statement = publicationStatement(publication, digest);
  addStrangers(log, 4);
  const envelope = signEnvelope(signer, statementBytes(statement));
  const index = log.witness(envelope, signer);
  addStrangers(log, 6);
  return {
    log,
    signer,
    publication,
    statement,
    at,
    bundle: assembleBundle(signer, envelope, log.entry(index, at)),
    demands: {
      tenantId: publication.tenant.id,
      predicateType: PUBLICATION_TYPE,
      subject: { name: "finance/templates/invoice-triage@1.4.0", digest },
      now: new Date("2026-06-02T08:00:00Z"),
    },
    trust: { keys: [signer.trusted()], logs: [log.trusted()], revoked: [] },
  };
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
