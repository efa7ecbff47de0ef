/** The rules of the console's front door, apart from Next: what passes, what goes to the BFF, and which headers say what. Pure. */

/** Reading changes nothing; everything else must come from our own pages. */
export function isForeignWrite(request: { method: string; headers: Headers }, consoleUrl: string): boolean {
  if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return false;
  const origin = request.headers.get("origin");
  // Browsers name the origin of every such request. One without it comes from no page, so it cannot ride on somebody's cookie by itself,
  // unless an old browser hides it: then Sec-Fetch-Site tells.
  if (origin === null) return !["same-origin", "none", null].includes(request.headers.get("sec-fetch-site"));
  return origin !== new URL(consoleUrl).origin;
}

/** Where a request of the browser goes on the BFF; null when it is not for the BFF. */
export function bffPath(pathname: string): string | null {
  if (pathname === "/api/archives") return "/archives";
  if (pathname.startsWith("/api/trpc/")) return `/trpc/${pathname.slice("/api/trpc/".length)}`;
  return null;
}

/** Pages and routes that need no session. */
export function isPublic(pathname: string): boolean {
  return (
    pathname === "/sign-in" ||
    pathname.startsWith("/sign-in/") ||
    pathname === "/signed-out" ||
    pathname.startsWith("/api/auth/") ||
    pathname === "/api/health"
  );
}

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The tenant a request is meant for: its header, an event stream's connection parameters, else what was chosen last. */
export function tenantOf(headers: Headers, search: URLSearchParams, cookie: string | undefined): string | null {
  const candidates = [headers.get("x-tenant"), tenantParameter(search.get("connectionParams")), cookie];
  return candidates.find((slug) => slug !== null && slug !== undefined && SLUG.test(slug)) ?? null;
}

function tenantParameter(parameters: string | null): string | null {
  if (parameters === null) return null;
  try {
    const read: unknown = JSON.parse(parameters);
    return typeof read === "object" && read !== null && "tenant" in read && typeof read.tenant === "string" ? read.tenant : null;
  } catch {
    return null;
  }
}

/** The headers that reach the BFF: whom the request speaks for, what it carries, and nothing of the browser's session. */
export function headersForBff(given: Headers, accessToken: string, tenant: string | null): Headers {
  const kept = new Headers();
  for (const name of [
    "accept",
    "accept-language",
    "content-type",
    "content-length",
    "last-event-id",
    "traceparent",
    "trpc-accept",
    "user-agent",
  ]) {
    const value = given.get(name);
    if (value !== null) kept.set(name, value);
  }
  kept.set("authorization", `Bearer ${accessToken}`);
  if (tenant !== null) kept.set("x-tenant", tenant);
  return kept;
}

/** The envelope of the BFF's own refusals, so that the browser has one way to read them. */
export function refusalBody(failure: { kind: string; code: string; message: string }, status: number): string {
  const code = status === 401 ? "UNAUTHORIZED" : status === 403 ? "FORBIDDEN" : "SERVICE_UNAVAILABLE";
  return JSON.stringify({
    error: {
      message: failure.message,
      code: status === 401 ? -32_001 : status === 403 ? -32_003 : -32_603,
      data: { code, httpStatus: status, path: null, traceId: null, failure: { ...failure, details: {} } },
    },
  });
}

/** What a page may load and where it may send: our own origin, scripts by nonce; sign-in leads to the issuer. */
export function contentSecurityPolicy(nonce: string, issuerUrl: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    // Positions and sizes are set as style attributes (Radix, Monaco, Recharts); styles cannot run code.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    `connect-src 'self'${development ? " ws:" : ""}`,
    "object-src 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    `form-action 'self' ${new URL(issuerUrl).origin}`,
    "manifest-src 'self'",
  ].join("; ");
}

/** The rest of the headers of every answer. */
export function securityHeaders(consoleUrl: string): readonly (readonly [string, string])[] {
  return [
    ["x-content-type-options", "nosniff"],
    ["x-frame-options", "DENY"],
    ["referrer-policy", "same-origin"],
    // The window of a second sign-in passes through the issuer and must still be able to close itself.
    ["cross-origin-opener-policy", "same-origin-allow-popups"],
    ["cross-origin-resource-policy", "same-origin"],
    ["permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"],
    ...(consoleUrl.startsWith("https://") ? ([["strict-transport-security", "max-age=63072000; includeSubDomains"]] as const) : []),
  ];
}

/** A path of ours to go on to after the sign-in, else the home page: never another site. */
export function safeReturnPath(path: string | null | undefined): string {
  if (typeof path !== "string" || !path.startsWith("/") || path.startsWith("//") || path.includes("\\")) return "/";
  const url = new URL(path, "http://console.invalid");
  return url.host === "console.invalid" && !url.pathname.startsWith("/sign-in") && !url.pathname.startsWith("/api/")
    ? url.pathname + url.search + url.hash
    : "/";
}
