import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatJoinToken } from "@agent-factory/protocol";
import { describe, expect, it } from "vitest";
import { EnrolmentRefused, enrol } from "./enrolment.ts";
import { checkCertificate, createKeyAndRequest, findIdentity, saveIdentity } from "./identity.ts";
import { startTestGateway } from "./test-gateway.ts";

const refusalOf = async (work: Promise<unknown>): Promise<EnrolmentRefused> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EnrolmentRefused);
  return error as EnrolmentRefused;
};

describe("enrolment", () => {
  it("gives a certificate for the key that never left the host", async () => {
    await using gateway = await startTestGateway();
    const identity = await enrol({ gatewayUrl: gateway.url, token: gateway.token });
    expect(identity.hostId).toBe(gateway.hostId);
    expect(identity.keyPem).toContain("PRIVATE KEY");
    checkCertificate(identity);
  });

  it("refuses a gateway whose authority is not the token's, and sends it nothing", async () => {
    await using gateway = await startTestGateway();
    const [, tokenId = "", secret = ""] = gateway.token.split(".");
    const token = formatJoinToken({ tokenId, secret, caFingerprint: "0".repeat(64) });
    const refusal = await refusalOf(enrol({ gatewayUrl: gateway.url, token }));
    expect(refusal.code).toBe("fleet.gateway-not-trusted");
    expect(refusal.message).toContain("Nothing was sent");
    expect(gateway.requests).toEqual([]);
  });

  it.each([
    { status: 409, code: "fleet.join-token-used", message: "This join token was used already" },
    { status: 403, code: "fleet.join-token-expired", message: "This join token expired" },
    { status: 403, code: "fleet.join-token-unknown", message: "This join token is not known here" },
    { status: 400, code: "fleet.clock-skew", message: "The host's clock says A, the registry's B" },
  ])("passes on why the gateway refused: $code", async (refuse) => {
    await using gateway = await startTestGateway();
    gateway.refuseEnrolment = refuse;
    const refusal = await refusalOf(enrol({ gatewayUrl: gateway.url, token: gateway.token }));
    expect(refusal.code).toBe(refuse.code);
    expect(refusal.message).toContain(refuse.message);
  });

  it("does not take a broken gateway for a refusal", async () => {
    await using gateway = await startTestGateway();
    gateway.refuseEnrolment = { status: 503, code: "database.away", message: "later" };
    await expect(enrol({ gatewayUrl: gateway.url, token: gateway.token })).rejects.not.toBeInstanceOf(EnrolmentRefused);
    await gateway.stop();
    await expect(enrol({ gatewayUrl: gateway.url, token: gateway.token })).rejects.not.toBeInstanceOf(EnrolmentRefused);
    await gateway.listen();
  });

  it("says that something is no join token before it connects", async () => {
    const refusal = await refusalOf(enrol({ gatewayUrl: "https://localhost:1", token: "hunter2" }));
    expect(refusal.code).toBe("fleet.join-token-malformed");
  });
});

describe("the identity file", () => {
  it("can be read by its owner only, and is found again as it was saved", async () => {
    await using gateway = await startTestGateway();
    const directory = mkdtempSync(join(tmpdir(), "identity-"));
    try {
      expect(findIdentity(directory)).toBeNull();
      const { csrPem, keyPem } = await createKeyAndRequest();
      const identity = await gateway.issueIdentity(csrPem, keyPem);
      saveIdentity(directory, identity);
      expect(findIdentity(directory)).toEqual(identity);
      expect(statSync(join(directory, "host-identity.json")).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("refuses a certificate that is for another key", async () => {
    await using gateway = await startTestGateway();
    const { csrPem } = await createKeyAndRequest();
    const other = await createKeyAndRequest();
    const identity = await gateway.issueIdentity(csrPem, other.keyPem);
    expect(() => checkCertificate(identity)).toThrow("another key");
  });
});
