import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestSigner } from "@agent-factory/gate/test-signer";
import type { Lease } from "@agent-factory/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { digestOf } from "../uplink/gateway-requests.ts";
import { createAdmission } from "./admission.ts";
import { createTestSource, createTestVersions, damage, type TestVersions } from "./test-version.ts";
import { createTrustKeeper } from "./trust-keeper.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function open(versions: TestVersions = createTestVersions()) {
  const stateDir = mkdtempSync(join(tmpdir(), "admission-"));
  directories.push(stateDir);
  const clock = { now: Date.parse("2026-06-02T08:00:00Z") };
  const now = () => clock.now;
  const source = createTestSource(versions, now);
  const trust = createTrustKeeper({ stateDir, requests: source.requests, logger: quiet, onHealth: () => {}, now, patienceMs: 0 });
  const admission = createAdmission({ requests: source.requests, trust, now });
  /** What did not hold; null: it may run. */
  const refusal = (lease: Lease) =>
    admission.admit(lease).then(
      () => null,
      (error: { check?: string; message: string }) => error.check ?? `thrown: ${error.message}`,
    );
  return { versions, source, trust, admission, refusal, clock };
}

const other = createTestVersions();

describe("a version", () => {
  it("that is signed, logged and asked for as it was signed may run, and is verified once for all its runs", async () => {
    const { versions, source, refusal, clock } = open();
    const lease = versions.publish();
    expect(await refusal(lease)).toBeNull();
    const asked = source.asked.length;
    expect(await refusal({ ...lease, runId: "another", limits: { ...lease.limits, timeoutMs: 1 } })).toBeNull();
    expect(source.asked.length).toBe(asked);
    // With newer trust it is verified anew: what held once may not hold any more.
    clock.now += 6 * 60_000;
    source.version = 2;
    expect(await refusal(lease)).toBeNull();
    await expect.poll(() => refusal(lease).then(() => source.asked.filter((what) => what === lease.manifestDigest).length)).toBe(2);
  });

  it("whose lease departs from what was signed is refused, also when it was verified before", async () => {
    const { versions, refusal } = open();
    const lease = versions.publish({ semver: "1.4.0" });
    const next = versions.publish({ semver: "2.0.0", code: "export default () => 2;", limits: { timeout: "20s" } });
    expect([await refusal(lease), await refusal(next)]).toEqual([null, null]);
    const signed = lease.signed as NonNullable<Lease["signed"]>;
    const nextSigned = next.signed as NonNullable<Lease["signed"]>;
    const departures: [Partial<Lease>, string][] = [
      [{ signed: null }, "unsigned"],
      // Another version's bundle, or manifest, or name, or code.
      [{ signed: { ...signed, bundleDigest: nextSigned.bundleDigest } }, "subject"],
      [{ manifestDigest: next.manifestDigest }, "subject"],
      [{ signed: { ...nextSigned, bundleDigest: signed.bundleDigest } }, "subject"],
      [{ signed: { ...signed, semver: "1.4.1" } }, "lease-version"],
      [{ templateName: "payments" }, "lease-version"],
      [{ code: next.code }, "lease-code"],
      [{ code: { digest: lease.code?.digest ?? "", entry: "index.mjs#admin" } }, "lease-code"],
      [{ code: null }, "lease-code"],
      [{ driver: "noop" }, "lease-code"],
      [{ limits: { ...lease.limits, timeoutMs: 10_001 } }, "lease-limits"],
      [{ limits: { ...lease.limits, memoryBytes: lease.limits.memoryBytes + 1 } }, "lease-limits"],
      [{ limits: { ...lease.limits, cpuMillis: 501 } }, "lease-limits"],
      [{ tenantId: other.tenantId }, "key-tenant"],
    ];
    for (const [departure, check] of departures) expect([departure, await refusal({ ...lease, ...departure })]).toEqual([departure, check]);
    expect(await refusal(lease)).toBeNull();
  });

  it("of which one stored byte was changed is refused by name, whether the registry says so or hands it over", async () => {
    for (const tampering of ["refused", "handed-over"] as const) {
      for (const [which, check] of [
        ["bundle", "bundle-bytes"],
        ["manifest", "manifest-bytes"],
      ] as const) {
        const { versions, source, refusal } = open();
        source.tampering = tampering;
        const lease = versions.publish();
        const digest = which === "bundle" ? (lease.signed?.bundleDigest ?? "") : lease.manifestDigest;
        damage(versions, digest);
        expect(await refusal(lease)).toBe(check);
        // Asked for a second time before it was believed: what is damaged on its way heals itself.
        expect(source.asked.filter((what) => what === digest)).toHaveLength(2);
      }
    }
  });

  it("whose bytes were damaged on their way once is fetched again and runs", async () => {
    const { versions, source, admission } = open();
    const lease = versions.publish();
    const { getBlob } = source.requests;
    const seen = new Set<string>();
    source.requests.getBlob = async (hold, digest, bytesMax) => {
      if (seen.has(digest)) return getBlob(hold, digest, bytesMax);
      seen.add(digest);
      const sound = versions.bytes.get(digest) as Buffer;
      damage(versions, digest);
      return getBlob(hold, digest, bytesMax).finally(() => versions.bytes.set(digest, sound));
    };
    source.tampering = "handed-over";
    await admission.admit(lease);
    expect(seen.size).toBe(2);
  });

  it("whose bundle, or whose log entry, was altered with all digests made right is refused", async () => {
    const { versions, refusal } = open();
    const lease = versions.publish();
    const signed = lease.signed as NonNullable<Lease["signed"]>;
    const bundle = JSON.parse(versions.bytes.get(signed.bundleDigest)?.toString("utf8") ?? "");
    const [entry] = bundle.verificationMaterial.tlogEntries;
    const forged = versions.publish({ by: createTestSigner(versions.tenantId) });
    const withBundle = (text: string): Lease => {
      const bytes = Buffer.from(text);
      versions.bytes.set(digestOf(bytes), bytes);
      return { ...lease, signed: { ...signed, bundleDigest: digestOf(bytes) } };
    };
    const flipped = (base64: string) => {
      const bytes = Buffer.from(base64, "base64");
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes.toString("base64");
    };
    const { payload, signatures } = bundle.dsseEnvelope;
    const cases: [string, unknown][] = [
      [
        "signature",
        { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures: [{ ...signatures[0], sig: flipped(signatures[0].sig) }] } },
      ],
      ["signature", { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload: flipped(payload) } }],
      [
        "inclusion",
        { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [{ ...entry, inclusionProof: undefined }] } },
      ],
      ["bundle-form", "no bundle"],
    ];
    for (const [check, altered] of cases) expect(await refusal(withBundle(JSON.stringify(altered)))).toBe(check);
    expect(await refusal(withBundle("{"))).toBe("bundle-form");
    // By somebody whom the trust root does not name.
    expect(await refusal(forged)).toBe("key-known");
  });

  it("that claims other code than its manifest, or a manifest of another template, is refused even when that was signed", async () => {
    const { versions, refusal } = open();
    const lease = versions.publish({ publication: { codeDigest: `sha256:${"0".repeat(64)}` } });
    expect(await refusal(lease)).toBe("lease-code");
    const foreign = versions.publish({ semver: "1.5.0", manifest: { metadata: { name: "payments", title: "P", owner: "o" } } });
    expect(await refusal(foreign)).toBe("lease-version");
    const unreadable = versions.publish({ semver: "1.6.0", manifest: { spec: null } });
    expect(await refusal(unreadable)).toBe("manifest-bytes");
  });
});

describe("trust", () => {
  it("that learned of a revocation, or of a distrusted key, refuses what it let through before", async () => {
    const { versions, source, trust, refusal } = open();
    const lease = versions.publish();
    expect(await refusal(lease)).toBeNull();
    source.version = 2;
    source.trust = { ...versions.trust(), revoked: [lease.manifestDigest] };
    // Not heard of yet.
    expect(await refusal(lease)).toBeNull();
    trust.doubt();
    expect(await refusal(lease)).toBe("not-revoked");
    source.version = 3;
    source.trust = { ...versions.trust(), keys: [versions.signer.trusted({ distrustedFrom: "2026-05-01T00:00:00Z" })] };
    trust.doubt();
    expect(await refusal(lease)).toBe("key-trusted");
  });

  it("that does not know a key yet is fetched once more before the version is refused", async () => {
    const { versions, source, refusal } = open();
    expect(await refusal(versions.publish())).toBeNull();
    const key = createTestSigner(versions.tenantId);
    const lease = versions.publish({ semver: "1.5.0", by: key });
    source.version = 2;
    source.trust = { ...versions.trust(), keys: [versions.signer.trusted(), key.trusted()] };
    expect(await refusal(lease)).toBeNull();
  });

  it("that cannot be fetched is no refusal: the run goes back, and whoever cancels it does not wait for the network", async () => {
    const { versions, source, admission, refusal } = open();
    const lease = versions.publish();
    source.away = new Error("connect ECONNREFUSED");
    expect(await refusal(lease)).toBe("thrown: connect ECONNREFUSED");
    source.away = null;
    source.requests.getTrust = () => new Promise(() => {});
    const stop = new AbortController();
    const admitted = admission.admit(lease, stop.signal);
    stop.abort(new Error("cancelled"));
    await expect(admitted).rejects.toThrow("cancelled");
  });

  it("that has expired, is older than what was seen, or was signed by another root lets nothing run", async () => {
    const { versions, source, trust, refusal, clock } = open();
    const lease = versions.publish();
    source.version = 7;
    expect(await refusal(lease)).toBeNull();
    source.version = 6;
    trust.doubt();
    expect(await refusal(lease)).toBe("trust-older");
    source.version = 8;
    source.lifeMs = -1;
    expect(await refusal(lease)).toBe("trust-expired");
    source.lifeMs = 24 * 60 * 60_000;
    expect(await refusal(lease)).toBeNull();
    clock.now += 25 * 60 * 60_000;
    source.lifeMs = -60 * 60_000;
    expect(await refusal(lease)).toBe("trust-expired");
    source.lifeMs = 24 * 60 * 60_000;
    source.replaceRoot();
    expect(await refusal(lease)).toBe("trust-root-changed");
  });
});
