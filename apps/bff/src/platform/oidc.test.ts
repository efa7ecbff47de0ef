import { generateKeyPair, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { createTokenVerifier } from "./oidc.ts";
import { startIssuer } from "./test-issuer.ts";

test("a good access token says whose it is, and the keys are fetched once", async () => {
  await using provider = await startIssuer();
  const verifier = createTokenVerifier({ issuer: provider.issuer, audience: "urn:bff" });
  for (const subject of ["acme-editor", "acme-admin"]) {
    expect(await verifier.verify(await provider.token({ subject }))).toEqual({ subject });
  }
  expect(provider.keyRequests()).toBe(1);
});

test("a token of another audience, issuer, type, key or time is refused, and so is one without subject or signature", async () => {
  await using provider = await startIssuer();
  const verifier = createTokenVerifier({ issuer: provider.issuer, audience: "urn:bff" });
  const { privateKey: foreign } = await generateKeyPair("ES256");
  const subject = "acme-editor";
  const bad = {
    audience: await provider.token({ subject, audience: "urn:console" }),
    issuer: await provider.token({ subject, issuer: "http://evil.test" }),
    type: await provider.token({ subject, type: "JWT" }),
    key: await provider.token({ subject, key: foreign }),
    time: await provider.token({ subject, expiresIn: "-1m" }),
    subject: await provider.token({}),
    unsigned: new UnsecuredJWT({})
      .setIssuer(provider.issuer)
      .setAudience("urn:bff")
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("5m")
      .encode(),
    garbage: "not.a.token",
  };
  for (const [name, token] of Object.entries(bad)) {
    await expect(verifier.verify(token), name).rejects.toMatchObject({ kind: "forbidden", code: "session.token-invalid" });
  }
});

test("while the issuer is away or broken nobody is believed, and when it is back everybody is again", async () => {
  await using provider = await startIssuer();
  const token = await provider.token({ subject: "acme-editor" });
  const elsewhere = createTokenVerifier({ issuer: "http://127.0.0.1:9", audience: "urn:bff" });
  await expect(elsewhere.verify(token)).rejects.toMatchObject({ kind: "unavailable", code: "session.issuer-away" });
  const verifier = createTokenVerifier({ issuer: provider.issuer, audience: "urn:bff" });
  provider.breakDown(true);
  await expect(verifier.verify(token)).rejects.toMatchObject({ kind: "unavailable", code: "session.issuer-away" });
  provider.breakDown(false);
  expect(await verifier.verify(token)).toEqual({ subject: "acme-editor" });
});

test("keys that cannot be fetched are the issuer's fault, not the token's", async () => {
  await using provider = await startIssuer();
  const verifier = createTokenVerifier({ issuer: provider.issuer, audience: "urn:bff" });
  provider.breakDown("keys");
  await expect(verifier.verify(await provider.token({ subject: "acme-editor" }))).rejects.toMatchObject({ code: "session.issuer-away" });
});

test("an issuer whose discovery names somebody else is not believed", async () => {
  await using provider = await startIssuer();
  const alias = provider.issuer.replace("127.0.0.1", "localhost");
  const verifier = createTokenVerifier({ issuer: alias, audience: "urn:bff" });
  await expect(verifier.verify(await provider.token({ subject: "x", issuer: alias }))).rejects.toMatchObject({
    code: "session.issuer-away",
  });
});
