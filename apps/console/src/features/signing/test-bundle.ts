/** For tests: a registry in small that really signs, and a log that really grows. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { Trust } from "@agent-factory/gate";
import { pae } from "@agent-factory/gate/dsse";
import { entryBody, timestampText } from "@agent-factory/gate/entry";
import { publicationStatement, statementBytes } from "@agent-factory/gate/statement";
import { digestOf } from "@agent-factory/manifest/digest";
import { readDocument } from "@agent-factory/manifest/document";
import { toBase64 } from "@agent-factory/tlog/base64";
import { leafHash } from "@agent-factory/tlog/hash";
import { formatCheckpoint, formatNote, rekorKeyId } from "@agent-factory/tlog/note";
import { consistencyProof, inclusionProof } from "@agent-factory/tlog/proof";
import { appendAll, noPeaks, rootOf } from "@agent-factory/tlog/tree";
import { bytesToHex, utf8ToBytes } from "./bytes.ts";
import type { SentConsistency } from "./checkpoint.ts";
import type { ProofInput } from "./proof.ts";

const HOST = "log.test";
export const SOURCE = "apiVersion: agentfactory.dev/v1\nkind: AgentTemplate\nmetadata: { name: invoice-triage }\n";
export const asked: ProofInput["asked"] = { tenantId: "t-1", tenantSlug: "acme", name: "invoice-triage", semver: "1.1.0" };
export const PUBLISHED_AT = "2026-11-24T10:00:00.000Z";

export class TestLog {
  readonly #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly spki = this.#key.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  readonly logId = createHash("sha256").update(Buffer.from(this.spki, "base64")).digest("hex");
  readonly origin = `${HOST} - 7`;
  readonly bodies: Uint8Array[] = [];

  #grown(size = this.bodies.length) {
    return appendAll(noPeaks, this.bodies.slice(0, size).map(leafHash));
  }

  root(size = this.bodies.length): Uint8Array {
    return rootOf(this.#grown(size).peaks);
  }

  /** Adds an entry that says nothing. */
  grow(): void {
    this.bodies.push(utf8ToBytes(`{"entry":${this.bodies.length}}`));
  }

  checkpoint(size = this.bodies.length): string {
    const text = formatCheckpoint({ origin: this.origin, size, root: this.root(size) });
    const signature = sign("sha256", Buffer.from(text), this.#key.privateKey);
    return formatNote({ text, signatures: [{ name: HOST, keyId: rekorKeyId(Buffer.from(this.spki, "base64")), signature }] });
  }

  inclusion(index: number, size = this.bodies.length): Uint8Array[] {
    return inclusionProof(index, size, this.#grown(size).nodes);
  }

  consistency(first: number, second = this.bodies.length): SentConsistency {
    return {
      first,
      second,
      firstRoot: bytesToHex(this.root(first)),
      secondRoot: bytesToHex(this.root(second)),
      hashes: consistencyProof(first, second, this.#grown(second).nodes).map(bytesToHex),
    };
  }

  witness(body: Uint8Array): object {
    const logIndex = this.bodies.push(body) - 1;
    const integratedTime = Math.floor(Date.parse(PUBLISHED_AT) / 1000);
    const text = timestampText({ body: toBase64(body), integratedTime, logId: this.logId, logIndex });
    const size = this.bodies.length;
    return {
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(this.logId, "hex").toString("base64") },
      kindVersion: { kind: "dsse", version: "0.0.1" },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: sign("sha256", text, this.#key.privateKey).toString("base64") },
      inclusionProof: {
        logIndex: String(logIndex),
        rootHash: toBase64(this.root()),
        treeSize: String(size),
        hashes: this.inclusion(logIndex).map((hash) => toBase64(hash)),
        checkpoint: { envelope: this.checkpoint() },
      },
      canonicalizedBody: toBase64(body),
    };
  }
}

/** A version that was reviewed, signed and logged, as the proof page is given it. */
export function provenVersion(of = asked, source = SOURCE, log = new TestLog()): ProofInput & { readonly log: TestLog } {
  const key = generateKeyPairSync("ed25519");
  const spki = key.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const hint = createHash("sha256").update(Buffer.from(spki, "base64")).digest("base64");
  const digest = digestOf(readDocument(source).data);
  const statement = publicationStatement(
    {
      tenant: { id: of.tenantId, slug: of.tenantSlug },
      template: of.name,
      semver: of.semver,
      parent: { semver: "1.0.0", digest: `sha256:${"1".repeat(64)}` },
      codeDigest: `sha256:${"2".repeat(64)}`,
      review: {
        id: "r-1",
        number: 12,
        revision: 3,
        policyRevision: "p-1",
        contributors: ["u-editor"],
        approvals: [{ by: { id: "u-reviewer", name: "Rui Costa" }, at: "2026-11-24T09:58:00.000Z" }],
      },
      policy: { revision: "p-1", rules: ["egress"], allowed: true },
      publishedAt: PUBLISHED_AT,
    },
    digest,
  );
  const payload = statementBytes(statement);
  const payloadType = "application/vnd.in-toto+json";
  const envelope = {
    payload: toBase64(payload),
    payloadType,
    signatures: [{ sig: sign(null, pae(payloadType, payload), key.privateKey).toString("base64") }],
  };
  log.grow();
  const entry = log.witness(entryBody({ envelope, payload, spki }));
  const trust: Trust = {
    keys: [{ hint, tenantId: of.tenantId, spki, notBefore: "2026-11-01T00:00:00Z", notAfter: null, distrustedFrom: null }],
    logs: [{ logId: log.logId, origin: log.origin, spki: log.spki, notBefore: "2026-11-01T00:00:00Z", notAfter: null }],
    revoked: [],
  };
  return {
    log,
    asked: of,
    now: new Date("2026-11-24T12:00:00Z"),
    answer: {
      source,
      subject: { digest },
      state: "published",
      bundle: {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: { publicKey: { hint }, tlogEntries: [entry] },
        dsseEnvelope: envelope,
      },
      trust,
      checkpoint: log.checkpoint(),
    },
    fetchConsistency: async (first) => log.consistency(first),
  };
}
