import { type Trust, verifyBundle } from "@agent-factory/gate";
import { keyHint } from "@agent-factory/gate/keys";
import { PUBLICATION_TYPE } from "@agent-factory/gate/statement";
import { bundleFromJSON } from "@sigstore/bundle";
import { PublicKeyDetails, TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { expect, test } from "vitest";
import type { AttestInput } from "./attestations.ts";
import { openTestSigning, publication, signer, TRUST_DOMAIN } from "./test-signing.ts";

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
