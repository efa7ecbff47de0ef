import { expect, test } from "vitest";
import { bffPath, contentSecurityPolicy, headersForBff, isForeignWrite, isPublic, safeReturnPath, tenantOf } from "./edge-rules.ts";

const CONSOLE = "https://console.example";
const write = (headers: Record<string, string>, method = "POST") => isForeignWrite({ method, headers: new Headers(headers) }, CONSOLE);

test("a write from another origin is foreign, whatever its method; reading never is", () => {
  expect(write({ origin: "https://evil.example" })).toBe(true);
  expect(write({ origin: "null" })).toBe(true);
  expect(write({ origin: "https://console.example.evil.example" }, "PUT")).toBe(true);
  expect(write({ origin: "http://console.example" }, "DELETE")).toBe(true);
  expect(write({ "sec-fetch-site": "cross-site" })).toBe(true);
  expect(write({ origin: CONSOLE })).toBe(false);
  expect(write({})).toBe(false);
  expect(write({ origin: "https://evil.example" }, "GET")).toBe(false);
});

test("the BFF gets the token and the tenant, and never a cookie or a token of the browser's choosing", () => {
  const headers = headersForBff(
    new Headers({
      cookie: "session=secret",
      authorization: "Bearer forged",
      "x-forwarded-for": "1.2.3.4",
      "content-type": "application/json",
      "last-event-id": "7",
    }),
    "real",
    "acme",
  );
  expect(Object.fromEntries(headers)).toEqual({
    authorization: "Bearer real",
    "content-type": "application/json",
    "last-event-id": "7",
    "x-tenant": "acme",
  });
});

test("only procedures and archives lead to the BFF", () => {
  expect(bffPath("/api/trpc/session.me,fleet.list")).toBe("/trpc/session.me,fleet.list");
  expect(bffPath("/api/archives")).toBe("/archives");
  expect(bffPath("/api/archives/x")).toBeNull();
  expect(bffPath("/api/trpcx")).toBeNull();
  expect(bffPath("/readyz")).toBeNull();
});

test("without a session only the sign-in, its end and the health can be reached", () => {
  expect(["/sign-in", "/sign-in/again", "/signed-out", "/api/auth/callback/oidc", "/api/health"].every(isPublic)).toBe(true);
  expect(["/", "/templates", "/api/trpc/session.me", "/sign-inx", "/api/authx", "/api/archives"].some(isPublic)).toBe(false);
});

test("a page keeps its tenant: its header wins over the stream's parameters, those over the last choice; a strange slug is nobody", () => {
  const search = (tenant: unknown) => new URLSearchParams({ connectionParams: JSON.stringify({ tenant }) });
  expect(tenantOf(new Headers({ "x-tenant": "acme" }), search("globex"), "third")).toBe("acme");
  expect(tenantOf(new Headers(), search("globex"), "third")).toBe("globex");
  expect(tenantOf(new Headers(), new URLSearchParams({ connectionParams: "{" }), "third")).toBe("third");
  expect(tenantOf(new Headers(), new URLSearchParams(), undefined)).toBeNull();
  expect(tenantOf(new Headers({ "x-tenant": "a b\u00e9" }), new URLSearchParams(), undefined)).toBeNull();
});

test("scripts run by nonce only, nothing is evaluated, and nothing is asked of another origin", () => {
  const policy = contentSecurityPolicy("abc", "https://issuer.example/realms/x", false);
  expect(policy).toContain("script-src 'self' 'nonce-abc' 'strict-dynamic';");
  expect(policy).not.toContain("unsafe-eval");
  expect(policy).toContain("connect-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy.match(/https:\/\/[^ ;]+/g)).toEqual(["https://issuer.example"]);
});

test("after the sign-in one goes on to a page of ours, never to another site", () => {
  expect(safeReturnPath("/templates/x?tab=code#l3")).toBe("/templates/x?tab=code#l3");
  for (const path of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "",
    null,
    undefined,
    "/sign-in?next=/",
    "/api/sign-out",
  ]) {
    expect(safeReturnPath(path)).toBe("/");
  }
});
