/**
 * Published versions for tests: manifest, code and bundle really signed and really in a log, and the registry that has them, in memory.
 * Imported by tests and benches only.
 */
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { gzipSync } from "node:zlib";
import { publicationStatement } from "@agent-factory/gate/statement";
import { createTestLog, createTestSigner, signStatement, testPublication } from "@agent-factory/gate/test-signer";
import { sealTrust, type Trust } from "@agent-factory/gate/trust";
import { canonicalJson } from "@agent-factory/manifest/digest";
import { BLOB_CORRUPT, type Digest, type Lease } from "@agent-factory/protocol";
import { Header } from "tar";
import { DigestMismatch, digestOf, type GatewayRequests, RequestRefused } from "../uplink/gateway-requests.ts";

export type TestVersions = ReturnType<typeof createTestVersions>;

const TEMPLATE = "invoice-triage";

/** A tenant with a key and a log. `publish` signs a version of its template; `bytes` are all blobs by their digests. */
export function createTestVersions(tenantId: string = randomUUID()) {
  const log = createTestLog();
  const signer = createTestSigner(tenantId);
  const bytes = new Map<Digest, Buffer>();
  const store = (content: Buffer | string): Digest => {
    const blob = Buffer.from(content);
    bytes.set(digestOf(blob), blob);
    return digestOf(blob);
  };

  const publish = (
    options: {
      semver?: string;
      code?: string;
      manifest?: object;
      limits?: object;
      publication?: object;
      at?: Date;
      by?: typeof signer;
    } = {},
  ): Lease => {
    const {
      semver = "1.4.0",
      code = "export default () => null;",
      limits = {},
      at = new Date("2026-06-01T12:00:00Z"),
      by = signer,
    } = options;
    const codeDigest = store(archiveOf(code));
    const manifest = {
      apiVersion: "agentfactory.dev/v1",
      kind: "AgentTemplate",
      metadata: { name: TEMPLATE, title: "Invoice triage", owner: "finance" },
      spec: {
        driver: "node",
        code: { archive: codeDigest, entry: "default" },
        input: { type: "object" },
        output: { type: "object" },
        resources: { cpu: "500m", memory: "128Mi" },
        limits: { timeout: "10s", ...limits },
      },
      ...options.manifest,
    };
    const manifestDigest = store(canonicalJson(manifest));
    const publication = {
      ...testPublication({ tenant: { id: tenantId, slug: "finance" }, template: TEMPLATE, semver, codeDigest }),
      ...options.publication,
    };
    const bundle = signStatement(log, by, publicationStatement(publication, manifestDigest), at);
    return {
      runId: randomUUID(),
      attempt: 1,
      fence: 5,
      tenantId,
      kind: "run",
      templateName: TEMPLATE,
      driver: "node",
      manifestDigest,
      signed: { subjectName: `finance/templates/${TEMPLATE}@${semver}`, semver, bundleDigest: store(JSON.stringify(bundle)) },
      code: { digest: codeDigest, entry: "default" },
      input: { inline: "{}" },
      limits: { timeoutMs: 10_000, memoryBytes: 128 << 20, cpuMillis: 500, pids: 64, logBytes: 10_000, outputBytes: 10_000 },
      expiresAt: Date.now() + 10_000,
      traceparent: null,
    };
  };
  const trust = (): Trust => ({ keys: [signer.trusted()], logs: [log.trusted()], revoked: [] });
  return { tenantId, signer, log, bytes, publish, trust };
}

/** One byte of a blob changed where it is stored. */
export function damage(versions: TestVersions, digest: Digest): void {
  const bytes = Buffer.from(versions.bytes.get(digest) ?? "");
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  versions.bytes.set(digest, bytes);
}

/** How a damaged blob comes out: refused by an honest registry, or handed over as it is by one that lies. */
export type Tampering = "refused" | "handed-over";

export type TestSource = {
  /** Digests, `trust` and `root`, in the order in which they were asked for. */
  readonly asked: string[];
  root: { readonly spki: string; readonly privateKey: KeyObject };
  trust: Trust;
  version: number;
  lifeMs: number;
  tampering: Tampering;
  /** Thrown at every request while it is set. */
  away: Error | null;
  replaceRoot(): void;
  readonly requests: { -readonly [name in "getBlob" | "getTrust" | "getTrustRoot"]: GatewayRequests[name] };
};

/** The gateway's half of a registry that has these versions, signing trust with a root of its own. */
export function createTestSource(versions: TestVersions, now: () => number): TestSource {
  const makeRoot = () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return { spki: publicKey.export({ format: "der", type: "spki" }).toString("base64"), privateKey };
  };
  const source: TestSource = {
    asked: [],
    root: makeRoot(),
    trust: versions.trust(),
    version: 1,
    lifeMs: 24 * 60 * 60_000,
    tampering: "refused",
    away: null,
    replaceRoot: () => {
      source.root = makeRoot();
    },
    requests: {
      getBlob: async (_hold, digest) => {
        source.asked.push(digest);
        if (source.away) throw source.away;
        const bytes = versions.bytes.get(digest);
        if (!bytes) throw new RequestRefused(404, "blob.missing", `No such blob: ${digest}`);
        if (digestOf(bytes) === digest) return bytes;
        if (source.tampering === "refused") throw new RequestRefused(503, BLOB_CORRUPT, `The stored bytes are not those of ${digest}`);
        throw new DigestMismatch(`${digest} came with other bytes`);
      },
      getTrust: async () => {
        source.asked.push("trust");
        if (source.away) throw source.away;
        const { version, trust } = source;
        const document = {
          version,
          issuedAt: new Date(now()).toISOString(),
          expiresAt: new Date(now() + source.lifeMs).toISOString(),
          trust,
        };
        return sealTrust(document, (text) => sign(null, text, source.root.privateKey));
      },
      getTrustRoot: async () => {
        source.asked.push("root");
        if (source.away) throw source.away;
        return source.root.spki;
      },
    },
  };
  return source;
}

function archiveOf(code: string): Buffer {
  const bytes = Buffer.from(code);
  const header = Buffer.alloc(512);
  new Header({ path: "index.mjs", size: bytes.length, type: "File", mode: 0o644, mtime: new Date(0) }).encode(header);
  return gzipSync(Buffer.concat([header, bytes, Buffer.alloc(1024 + ((512 - (bytes.length % 512)) % 512))]));
}
