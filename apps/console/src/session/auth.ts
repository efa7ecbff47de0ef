import "server-only";
import type { AuthOptions } from "next-auth";
import { env } from "../env.ts";
import { SESSION_SECONDS } from "./session-cookie.ts";
import type { Tokens } from "./tokens.ts";

type Claims = { sub: string; name?: string; email?: string };

/** next-auth with one OpenID provider: authorization code with PKCE, state and nonce; the session is an encrypted cookie, nothing is stored. */
export function authOptions(): AuthOptions {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_AUDIENCE, NEXTAUTH_SECRET, CONSOLE_URL } = env();
  return {
    secret: NEXTAUTH_SECRET,
    useSecureCookies: CONSOLE_URL.startsWith("https://"),
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in", error: "/sign-in", signOut: "/sign-in" },
    providers: [
      {
        id: "oidc",
        name: "OpenID Connect",
        type: "oauth",
        wellKnown: new URL("/.well-known/openid-configuration", OIDC_ISSUER).href,
        issuer: OIDC_ISSUER,
        clientId: OIDC_CLIENT_ID,
        clientSecret: OIDC_CLIENT_SECRET,
        idToken: true,
        checks: ["pkce", "state", "nonce"],
        // `resource` makes the access token a JWT for the BFF (RFC 8707, RFC 9068).
        authorization: { params: { scope: "openid email profile offline_access", resource: OIDC_AUDIENCE } },
        token: { params: { resource: OIDC_AUDIENCE } },
        profile: (claims: Claims) => ({ id: claims.sub, name: claims.name ?? claims.sub, email: claims.email ?? null }),
      },
    ],
    callbacks: {
      jwt({ token, account, profile, user }) {
        if (!account?.access_token) return token;
        const tokens: Tokens = {
          accessToken: account.access_token,
          refreshToken: account.refresh_token ?? null,
          idToken: account.id_token ?? null,
          accessTokenExpiresAt: account.expires_at === undefined ? Date.now() + 300_000 : account.expires_at * 1000,
          subject: account.providerAccountId,
          name: user?.name ?? profile?.name ?? account.providerAccountId,
          email: user?.email ?? profile?.email ?? "",
        };
        return { sub: tokens.subject, tokens };
      },
      // The browser learns nothing of the tokens: /api/auth/session says only that there is a session.
      session: ({ session }) => ({ expires: session.expires }),
      redirect: ({ url, baseUrl }) =>
        url.startsWith("/") && !url.startsWith("//") ? `${baseUrl}${url}` : url.startsWith(`${baseUrl}/`) ? url : baseUrl,
    },
  };
}
