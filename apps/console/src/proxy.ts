/**
 * The front door of the console. Every request passes here once:
 *   1. a write from another origin is refused;
 *   2. the session's access token is renewed when it is about to end, and the cookie with it;
 *   3. what is for the BFF goes there with the token and without cookies; pages without a session lead to the sign-in;
 *   4. every answer carries the security headers, every page a fresh nonce.
 */
import { type NextRequest, NextResponse } from "next/server";
import { type Env, env } from "./env.ts";
import {
  bffPath,
  contentSecurityPolicy,
  headersForBff,
  isForeignWrite,
  isPublic,
  refusalBody,
  securityHeaders,
  tenantOf,
} from "./session/edge-rules.ts";
import { readSessionCookie, sessionCookieName, writeSessionCookie } from "./session/session-cookie.ts";
import { TENANT_COOKIE } from "./session/tenant-cookie.ts";
import { createRenewer, type Renewer, type Tokens } from "./session/tokens.ts";

let sharedRenewer: Renewer | undefined;
function renewerOf({ OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_AUDIENCE }: Env): Renewer {
  sharedRenewer ??= createRenewer({
    url: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    audience: OIDC_AUDIENCE,
  });
  return sharedRenewer;
}

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const settings = env();
  const response = await answer(request, settings);
  for (const [name, value] of securityHeaders(settings.CONSOLE_URL)) response.headers.set(name, value);
  return response;
}

async function answer(request: NextRequest, settings: Env): Promise<NextResponse> {
  const { pathname, search, searchParams } = request.nextUrl;
  if (isForeignWrite(request, settings.CONSOLE_URL)) {
    return refuse(403, { kind: "forbidden", code: "request.foreign-origin", message: "This request came from another site" });
  }
  if (pathname.startsWith("/api/auth/") || pathname === "/api/health") return NextResponse.next();
  if (isPublic(pathname)) return page(request, settings, request.headers);

  const cookieName = sessionCookieName(settings.CONSOLE_URL);
  const found = await readSessionCookie(request.cookies, cookieName, settings.NEXTAUTH_SECRET);
  const renewal = found ? await renewerOf(settings)(found) : ({ type: "ended" } as const);
  const target = bffPath(pathname);

  if (renewal.type === "ended") {
    const response = target
      ? refuse(401, { kind: "forbidden", code: "session.signed-out", message: "Sign in first" })
      : NextResponse.redirect(new URL(`/sign-in?next=${encodeURIComponent(pathname + search)}`, settings.CONSOLE_URL), 303);
    if (found) await setSession(request, response, settings, null);
    return response;
  }
  if (renewal.type === "stuck") {
    if (target) return refuse(503, { kind: "unavailable", code: "session.issuer-away", message: "The sign-in service does not answer" });
    // The page itself still comes; what it asks for is refused until the issuer is back.
    return page(request, settings, request.headers);
  }

  const response = target
    ? NextResponse.rewrite(new URL(target + search, settings.BFF_URL), {
        request: {
          headers: headersForBff(
            request.headers,
            renewal.tokens.accessToken,
            tenantOf(request.headers, searchParams, request.cookies.get(TENANT_COOKIE)?.value),
          ),
        },
      })
    : page(request, settings, renewal.type === "renewed" ? await withFreshCookie(request, settings, renewal.tokens) : request.headers);
  if (renewal.type === "renewed") await setSession(request, response, settings, renewal.tokens);
  return response;
}

function page(request: NextRequest, settings: Env, given: Headers): NextResponse {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
  const policy = contentSecurityPolicy(nonce, settings.OIDC_ISSUER, settings.NODE_ENV === "development");
  const headers = new Headers(given);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  headers.set("x-path", request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

/** The page that is made in this very request reads the renewed session, not the one the browser sent. */
async function withFreshCookie(request: NextRequest, settings: Env, tokens: Tokens): Promise<Headers> {
  const jar = new Map(request.cookies.getAll().map((cookie) => [cookie.name, cookie.value]));
  const name = sessionCookieName(settings.CONSOLE_URL);
  for (const cookie of await writeSessionCookie(request.cookies, name, settings.NEXTAUTH_SECRET, tokens)) {
    if (cookie.maxAge === 0) jar.delete(cookie.name);
    else jar.set(cookie.name, cookie.value);
  }
  const headers = new Headers(request.headers);
  headers.set("cookie", [...jar].map(([key, value]) => `${key}=${value}`).join("; "));
  return headers;
}

async function setSession(request: NextRequest, response: NextResponse, settings: Env, tokens: Tokens | null): Promise<void> {
  const name = sessionCookieName(settings.CONSOLE_URL);
  for (const cookie of await writeSessionCookie(request.cookies, name, settings.NEXTAUTH_SECRET, tokens)) {
    response.cookies.set(cookie.name, cookie.value, {
      httpOnly: true,
      sameSite: "lax",
      path: "/",
      secure: settings.CONSOLE_URL.startsWith("https://"),
      maxAge: cookie.maxAge,
    });
  }
}

function refuse(status: 401 | 403 | 503, failure: { kind: string; code: string; message: string }): NextResponse {
  return new NextResponse(refusalBody(failure, status), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

export const config = { matcher: ["/((?!_next/static|_next/image|icon.svg|favicon.ico|robots.txt).*)"] };
