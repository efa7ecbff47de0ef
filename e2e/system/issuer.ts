import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/**
 * An OpenID issuer reduced to what a resource server reads: discovery, keys, and access tokens that really verify
 * (RS256, `at+jwt`, audience `urn:bff`).
 */
export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "system-tests", alg: "RS256", use: "sig" };
  const server = createServer((request, response) => {
    const body = request.url?.startsWith("/.well-known/") ? { issuer: url(), jwks_uri: `${url()}/jwks` } : { keys: [jwk] };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url(),
    accessToken: (subject: string) =>
      new SignJWT({ sub: subject, scope: "openid" })
        .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: jwk.kid })
        .setIssuer(url())
        .setAudience("urn:bff")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
