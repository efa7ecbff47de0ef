import { cookies } from "next/headers";
import { env } from "../../../env.ts";
import { getTokens } from "../../../session/server.ts";
import { sessionCookieName, writeSessionCookie } from "../../../session/session-cookie.ts";

/** Ends the session here, then at the issuer (OpenID RP-initiated logout), which sends the person back to /signed-out. */
export async function POST(): Promise<Response> {
  const { CONSOLE_URL, NEXTAUTH_SECRET, OIDC_ISSUER, OIDC_CLIENT_ID } = env();
  const [jar, tokens] = await Promise.all([cookies(), getTokens()]);
  for (const cookie of await writeSessionCookie(jar, sessionCookieName(CONSOLE_URL), NEXTAUTH_SECRET, null))
    jar.set(cookie.name, "", { maxAge: 0, path: "/" });
  const signedOut = new URL("/signed-out", CONSOLE_URL).href;
  const endpoint = await fetch(new URL("/.well-known/openid-configuration", OIDC_ISSUER), { signal: AbortSignal.timeout(3_000) }).then(
    async (answer) => ((await answer.json()) as { end_session_endpoint?: string }).end_session_endpoint,
    () => undefined,
  );
  if (endpoint === undefined || tokens === null) return Response.redirect(signedOut, 303);
  const target = new URL(endpoint);
  target.searchParams.set("client_id", OIDC_CLIENT_ID);
  target.searchParams.set("post_logout_redirect_uri", signedOut);
  if (tokens.idToken !== null) target.searchParams.set("id_token_hint", tokens.idToken);
  return Response.redirect(target, 303);
}
