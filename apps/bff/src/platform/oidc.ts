/**
 * Who a bearer token speaks for. The registry is a pure resource server: it checks signature, issuer, audience, type, time and
 * algorithm, and takes the subject. Fail-closed: when the issuer's keys cannot be fetched, no token is believed.
 */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { Failure } from "../domain/failure.ts";

export type VerifiedToken = { readonly subject: string };
export type TokenVerifier = { verify(token: string): Promise<VerifiedToken> };

/** Failures: `session.token-invalid` (forbidden), `session.issuer-away` (unavailable). */
export function createTokenVerifier({ issuer, audience }: { issuer: string; audience: string }): TokenVerifier {
  let keys: ReturnType<typeof createRemoteJWKSet> | null = null;
  const keySet = async () => {
    keys ??= createRemoteJWKSet(await discoverKeys(issuer), { timeoutDuration: 5_000, cooldownDuration: 5_000 });
    return keys;
  };
  return {
    verify: async (token) => {
      try {
        const { payload } = await jwtVerify(token, await keySet(), {
          issuer,
          audience,
          typ: "at+jwt",
          algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
          clockTolerance: 30,
          requiredClaims: ["sub", "exp", "iat"],
        });
        if (typeof payload.sub !== "string" || payload.sub === "") throw new errors.JWTInvalid("no subject");
        return { subject: payload.sub };
      } catch (error) {
        if (error instanceof Failure) throw error;
        if (error instanceof errors.JOSEError && !ISSUER_FAULTS.includes(error.code)) {
          throw new Failure("forbidden", "session.token-invalid", "The access token is not valid", { reason: error.code });
        }
        throw issuerAway(issuer);
      }
    },
  };
}

/** What jose says when the key set itself cannot be had: no reply in time, another status than 200, no key set in the body. */
const ISSUER_FAULTS: readonly string[] = ["ERR_JWKS_TIMEOUT", "ERR_JOSE_GENERIC", "ERR_JWKS_INVALID"];

async function discoverKeys(issuer: string): Promise<URL> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5_000) });
    const document: unknown = await response.json();
    if (response.ok && typeof document === "object" && document !== null && "issuer" in document && "jwks_uri" in document) {
      // OpenID Connect Discovery 1.0, 4.3: the document must name the issuer it was asked for.
      if (document.issuer === issuer && typeof document.jwks_uri === "string") return new URL(document.jwks_uri);
    }
  } catch {
    throw issuerAway(issuer);
  }
  throw issuerAway(issuer);
}

function issuerAway(issuer: string): Failure {
  return new Failure("unavailable", "session.issuer-away", "The identity provider's keys cannot be read", { issuer });
}
