import { type Trust, verifyBundle } from "@agent-factory/gate";
import { keyHint } from "@agent-factory/gate/keys";
import { PUBLICATION_TYPE } from "@agent-factory/gate/statement";
import { bundleFromJSON } from "@sigstore/bundle";
import { PublicKeyDetails, TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { expect, test } from "vitest";
import { type AttestInput, createAttestations } from "./attestations.ts";
import { openSealing } from "./sealing.ts";
import { createTenantKeys } from "./tenant-keys.ts";
import { openTestLog } from "./test-log.ts";
import { openTestSigning, publication, signer, TRUST_DOMAIN } from "./test-signing.ts";
import type { TransparencyLog } from "./transparency-log.ts";

const demandsOf = ({ subjectName, subjectDigest, statement }: AttestInput, now: Date) => ({
  tenantId: statement.predicate.tenant.id,
  predicateType: PUBLICATION_TYPE,
  subject: { name: subjectName, digest: subjectDigest },
  now,
});

/** The trust as a Sigstore trusted root, and the keys beside it. */
function sigstoreVerifier({ keys, logs }: Pick<Trust, "keys" | "logs">) {
  const root = TrustedRoot.fromJSON({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: logs.map((log) => ({
      baseUrl: `https://${TRUST_DOMAIN}`,
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: log.spki, keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor: { start: log.notBefore } },
      logId: { keyId: Buffer.from(log.logId, "hex").toString("base64") },
    })),
  });
  const byHint = Object.fromEntries(
    keys.map((key) => [
      key.hint,
      {
        rawBytes: Buffer.from(key.spki, "base64"),
        keyDetails: PublicKeyDetails.PKIX_ED25519,
        validFor: { start: new Date(key.notBefore), ...(key.notAfter === null ? {} : { end: new Date(key.notAfter) }) },
      },
    ]),
  );
  return new Verifier(toTrustMaterial(root, byHint), { tlogThreshold: 1, timestampThreshold: 1, ctlogThreshold: 0 });
}

test("an attestation's bundle passes the gate and the unmodified verifier of Sigstore", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const inputs = ["1.0.0", "1.1.0", "1.2.0"].map((semver) => publication(acme, semver));
  const attested = await Promise.all(inputs.map((input) => t.signing.attest(signer(acme), input)));
  const trust = { ...(await t.signing.trust([acme.id])), revoked: [] };
  expect(trust.keys).toHaveLength(1);
  expect(keyHint(trust.keys[0]?.spki ?? "")).toBe(trust.keys[0]?.hint);
  const verifier = sigstoreVerifier(trust);
  for (const [i, { bundleDigest, logIndex }] of attested.entries()) {
    const bundle = await t.bundle(acme, bundleDigest);
    const verdict = await verifyBundle(bundle, demandsOf(inputs[i] as AttestInput, t.clock.now()), trust);
    expect(verdict.steps.filter(({ held }) => !held)).toEqual([]);
    expect(verdict.steps.find(({ check }) => check === "inclusion")?.facts["logIndex"]).toBe(logIndex);
    expect(() => verifier.verify(toSignedEntity(bundleFromJSON(bundle)))).not.toThrow();
    // Both see the payload: a bundle whose payload is another's passes neither.
    const other = (await t.bundle(acme, attested[(i + 1) % 3]?.bundleDigest ?? "")) as typeof bundle & {
      dsseEnvelope: { payload: string };
    };
    const forged = {
      ...(bundle as object),
      dsseEnvelope: { ...(bundle as typeof other).dsseEnvelope, payload: other.dsseEnvelope.payload },
    };
    expect(() => verifier.verify(toSignedEntity(bundleFromJSON(forged)))).toThrow();
    expect((await verifyBundle(forged, demandsOf(inputs[i] as AttestInput, t.clock.now()), trust)).allowed).toBe(false);
  }
});

test("a subject is signed once: retries and signers at the same time get the first attestation", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  const input = publication(acme);
  const other = await t.reopen();
  const attested = await Promise.all([t.signing, other, t.signing, other].map((signing) => signing.attest(signer(acme), input)));
  expect(new Set(attested.map(({ attestationId }) => attestationId)).size).toBe(1);
  expect(await other.attest(signer(acme), input)).toEqual(attested[0]);
  expect((await t.signing.log.shards()).map(({ size }) => size)).toEqual([1]);
  const digest = `sha256:${"cd".repeat(32)}`;
  await expect(t.signing.attest(signer(acme), publication(acme, "1.0.0", digest))).rejects.toMatchObject({
    code: "signing.subject-signed",
  });
  const foreign = { ...input, subjectName: "acme/templates/other@1.0.0" };
  await expect(t.signing.attest(signer(acme), foreign)).rejects.toMatchObject({ code: "signing.statement-mismatch" });
  // Another tenant's subject of the same name is another attestation.
  expect((await t.signing.attest(signer(globex), publication(globex))).attestationId).not.toBe(attested[0]?.attestationId);
});

test("an attestation that was killed before its row is found again: same leaf, same place, one bundle", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const input = publication(acme);
  const put = t.parts.blobs.put;
  const dying = await t.reopen({
    blobs: {
      ...t.parts.blobs,
      put: async (...args) => {
        await put(...args);
        throw new Error("killed");
      },
    },
  });
  await expect(dying.attest(signer(acme), input)).rejects.toThrow("killed");
  t.clock.advance(90_000);
  const { logIndex, integratedAt, bundleDigest } = await t.signing.attest(signer(acme), input);
  expect(logIndex).toBe(0);
  expect(t.clock.now().getTime() - integratedAt.getTime()).toBeGreaterThanOrEqual(90_000);
  const trust = { ...(await t.signing.trust([acme.id])), revoked: [] };
  expect((await verifyBundle(await t.bundle(acme, bundleDigest), demandsOf(input, t.clock.now()), trust)).refusedBy).toBeNull();
});

test("what the gate would refuse is no attestation: the very bytes are read before the row is written", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const { access, fastDatabase, blobs, clock, stateDir: dir } = t.parts;
  const sealing = await openSealing({ stateDir: dir });
  const keys = createTenantKeys({ access, fastDatabase, sealing, clock });
  const log = await openTestLog({ fastDatabase, stateDir: dir, clock });
  const attestBy = (append: TransparencyLog["append"]) =>
    createAttestations({ access, blobs, keys, clock, log: { append, shards: log.shards } }).attest(signer(acme), publication(acme));
  const otherTree = async (...leaf: Parameters<typeof log.append>) => {
    const receipt = await log.append(...leaf);
    return { ...receipt, proof: { ...receipt.proof, root: Buffer.alloc(32, 1) } };
  };
  const otherTime = async (...leaf: Parameters<typeof log.append>) => {
    const receipt = await log.append(...leaf);
    return { ...receipt, placed: { ...receipt.placed, integratedAt: new Date(receipt.placed.integratedAt.getTime() + 1_000) } };
  };
  await expect(attestBy(otherTree)).rejects.toThrow(/the gate refuses the signature of acme\/templates\/invoice-triage@1\.0\.0: inclusion/);
  await expect(attestBy(otherTime)).rejects.toThrow(/the gate refuses/);
  const { rows } = await fastDatabase.inTenant(acme.id, (tx) => tx.query("select 1 from attestations"));
  expect(rows).toEqual([]);
  expect(await attestBy(log.append)).toMatchObject({ logIndex: 0 });
});

test("only the system signs, for a tenant, and every signature is in its audit trail", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const person = acme.as("admin") as unknown as ReturnType<typeof signer>;
  await expect(t.signing.attest(person, publication(acme))).rejects.toMatchObject({ code: "access.denied" });
  await expect(t.signing.attest({ ...signer(acme), tenantId: null }, publication(acme))).rejects.toMatchObject({
    code: "signing.no-tenant",
  });
  expect((await t.signing.log.shards()).map(({ size }) => size)).toEqual([0]);
  const { bundleDigest } = await t.signing.attest(signer(acme), publication(acme));
  const { rows } = await t.kernel.fastDatabase.inTenant(acme.id, (tx) =>
    tx.query(
      "select resource_id as id, after->>'bundleDigest' as digest from audit_entries where action = 'signing.sign' and outcome = 'allowed'",
    ),
  );
  expect(rows).toEqual([{ id: publication(acme).subjectName, digest: bundleDigest }]);
});
