/**
 * An OpenID provider's public face for tests: discovery and keys over HTTP, and tokens signed with those keys. Imported by tests
 * only.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";

export type TokenClaims = {
  subject?: string | undefined;
  audience?: string;
  issuer?: string;
  type?: string;
  expiresIn?: string;
  key?: CryptoKey;
};

export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const key = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  let keyRequests = 0;
  let broken: boolean | "keys" = false;
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (broken === true || (broken === "keys" && request.url === "/jwks")) response.statusCode = 500;
    if (request.url === "/jwks") keyRequests += 1;
    const body = request.url === "/.well-known/openid-configuration" ? { issuer: issuer(), jwks_uri: `${issuer()}/jwks` } : { keys: [key] };
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = () => `http://127.0.0.1:${port}`;
  return {
    issuer: issuer(),
    keyRequests: () => keyRequests,
    /** From now on (or no longer) every answer, or that about the keys, is a 500. */
    breakDown: (now: boolean | "keys") => {
      broken = now;
    },
    token: (claims: TokenClaims = {}) => {
      const token = new SignJWT({})
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: claims.type ?? "at+jwt" })
        .setIssuer(claims.issuer ?? issuer())
        .setAudience(claims.audience ?? "urn:bff")
        .setIssuedAt()
        .setExpirationTime(claims.expiresIn ?? "5m");
      if (claims.subject !== undefined) token.setSubject(claims.subject);
      return token.sign(claims.key ?? privateKey);
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
