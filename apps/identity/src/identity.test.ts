import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHealth } from "@agent-factory/process/health";
import { createLogger } from "@agent-factory/process/logger";
import { freePort } from "@agent-factory/testkit/child-process";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Env, readEnv } from "./env.ts";
import { type Identity, serveIdentity } from "./identity.ts";

const CALLBACK = "http://127.0.0.1:4000/api/auth/callback/oidc";
let stateDir = "";
let env: Env;
let identity: Identity;

async function start(): Promise<void> {
  identity = await serveIdentity({ env, health: createHealth(), logger: createLogger({ app: "identity", level: "silent" }) });
}

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "identity-"));
  const port = await freePort();
  env = readEnv({
    IDENTITY_PORT: String(port),
    IDENTITY_ISSUER: `http://127.0.0.1:${port}`,
    OIDC_CLIENT_SECRET: "a-secret-of-the-test",
    STATE_DIR: stateDir,
    ACCESS_TOKEN_SECONDS: "60",
  });
  await start();
});
afterEach(async () => {
  await identity.close();
  rmSync(stateDir, { recursive: true, force: true });
});

/** A browser, as far as this provider can tell: keeps cookies, follows redirects inside the provider, stops at the console's door. */
function browser() {
  const cookies = new Map<string, string>();
  return async function visit(
    url: string,
    init: RequestInit = {},
  ): Promise<{ url: string; status: number; body: string; headers: Headers }> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) return { url, status: response.status, body: await response.text(), headers: response.headers };
    const next = new URL(location, url).href;
    return next.startsWith(env.IDENTITY_ISSUER) ? visit(next) : { url: next, status: response.status, body: "", headers: response.headers };
  };
}

function authorizeUrl(verifier: string, extra: Record<string, string> = {}): string {
  const url = new URL("/auth", env.IDENTITY_ISSUER);
  url.search = new URLSearchParams({
    client_id: "console",
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid profile email offline_access",
    resource: "urn:bff",
    state: "the-state",
    nonce: "the-nonce",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...extra,
  }).toString();
  return url.href;
}

async function token(fields: Record<string, string>) {
  const response = await fetch(`${env.IDENTITY_ISSUER}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`console:${env.OIDC_CLIENT_SECRET}`).toString("base64")}` },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const post = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });

async function signIn(visit: ReturnType<typeof browser>, extra: Record<string, string> = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const page = await visit(authorizeUrl(verifier, extra));
  const back = page.url.startsWith(CALLBACK) ? page : await visit(page.url, post({ person: "acme-editor" }));
  const code = new URL(back.url).searchParams.get("code") ?? "";
  return token({ grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: verifier });
}

function verifyAccessToken(accessToken: string) {
  const keys = createRemoteJWKSet(new URL("/jwks", env.IDENTITY_ISSUER));
  return jwtVerify(accessToken, keys, { issuer: env.IDENTITY_ISSUER, audience: "urn:bff", typ: "at+jwt", algorithms: ["RS256"] });
}

test("one click on a person signs in, and the registry can verify the access token", async () => {
  const visit = browser();
  const page = await visit(authorizeUrl("v".repeat(43)));
  expect(page.status).toBe(200);
  expect(page.body).toContain("Emma Laurent");
  const { status, body } = await signIn(visit);
  expect(status).toBe(200);
  const { payload } = await verifyAccessToken(body["access_token"] ?? "");
  expect(payload.sub).toBe("acme-editor");
  const claims = JSON.parse(Buffer.from((body["id_token"] ?? "").split(".")[1] ?? "", "base64url").toString());
  expect(claims).toMatchObject({ sub: "acme-editor", name: "Emma Laurent", email: "editor@acme.test", nonce: "the-nonce" });
});

test.each([{}, { prompt: "consent" }] as Record<string, string>[])("a refresh token renews the access token (%j)", async (extra) => {
  const first = await signIn(browser(), extra);
  const renewed = await token({ grant_type: "refresh_token", refresh_token: first.body["refresh_token"] ?? "" });
  expect(renewed.status).toBe(200);
  expect((await verifyAccessToken(renewed.body["access_token"] ?? "")).payload.sub).toBe("acme-editor");
});

test("a restart of the provider loses no session, no refresh token and no key", async () => {
  const visit = browser();
  const first = await signIn(visit);
  await identity.close();
  // The client gives up the connections that it kept before the next provider answers on the same port.
  const asked = () =>
    fetch(env.IDENTITY_ISSUER).then(
      () => "answered",
      (error: Error) => (error.cause as { code?: string } | undefined)?.code,
    );
  await expect.poll(asked).toBe("ECONNREFUSED");
  await start();
  expect((await verifyAccessToken(first.body["access_token"] ?? "")).payload.sub).toBe("acme-editor");
  expect((await token({ grant_type: "refresh_token", refresh_token: first.body["refresh_token"] ?? "" })).status).toBe(200);
  const again = await visit(authorizeUrl("w".repeat(43)));
  expect(again.url).toMatch(/^http:\/\/127\.0\.0\.1:4000\/api\/auth\/callback\/oidc\?code=/);
});

test("signing out ends the session and the refresh token", async () => {
  const visit = browser();
  const { body } = await signIn(visit);
  const query = new URLSearchParams({ id_token_hint: body["id_token"] ?? "", post_logout_redirect_uri: "http://127.0.0.1:4000/" });
  const page = await visit(`${env.IDENTITY_ISSUER}/session/end?${query}`);
  expect(page.body).toContain("data-sure");
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? "";
  const left = await visit(`${env.IDENTITY_ISSUER}/session/end/confirm`, post({ xsrf, logout: "yes" }));
  expect(left.url).toBe("http://127.0.0.1:4000/");
  expect((await visit(authorizeUrl("x".repeat(43)))).body).toContain("Emma Laurent");
  expect((await token({ grant_type: "refresh_token", refresh_token: body["refresh_token"] ?? "" })).status).toBe(400);
});

test("a request without PKCE, with a foreign redirect or for another resource is refused", async () => {
  const withoutPkce = new URL(authorizeUrl("v".repeat(43)));
  withoutPkce.searchParams.delete("code_challenge");
  withoutPkce.searchParams.delete("code_challenge_method");
  expect(new URL((await browser()(withoutPkce.href)).url).searchParams.get("error")).toBe("invalid_request");
  const foreign = await browser()(authorizeUrl("v".repeat(43), { redirect_uri: "http://127.0.0.1:9999/steal" }));
  expect([foreign.status, foreign.url.startsWith(env.IDENTITY_ISSUER)]).toEqual([400, true]);
  const other = await browser()(authorizeUrl("v".repeat(43), { resource: "urn:other" }));
  expect(new URL(other.url).searchParams.get("error")).not.toBeNull();
});

test("an address that nobody has is answered in the reader's language, escaped, and can be corrected", async () => {
  const visit = browser();
  const page = await visit(authorizeUrl("v".repeat(43), { ui_locales: "fr" }));
  expect(page.body).toContain('<html lang="fr">');
  const wrong = await visit(`${page.url}?lang=fr`, post({ email: '"><script>alert(1)</script>' }));
  expect(wrong.body).toContain("Personne ici");
  expect(wrong.body).not.toContain("<script>alert");
  const right = await visit(`${page.url}?lang=fr`, post({ email: "Editor@Acme.test" }));
  expect(right.url).toContain("code=");
});

test("no page loads or sends anything elsewhere, and none runs an inline script of ours", async () => {
  const page = await browser()(authorizeUrl("v".repeat(43)));
  const csp = page.headers.get("content-security-policy") ?? "";
  expect(csp).toContain("default-src 'none'");
  expect(csp).not.toContain("unsafe");
  expect(page.body).not.toMatch(/(?:src|href)="https?:/);
  expect(page.body).not.toMatch(/<script>|style="|onclick/);
  for (const [, path] of page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    expect((await fetch(`${env.IDENTITY_ISSUER}${path}`)).status).toBe(200);
  }
});

test("signing out when nobody is signed in passes through, by the one inline script that the policy names", async () => {
  const page = await browser()(`${env.IDENTITY_ISSUER}/session/end`);
  const script = /<script>([\s\S]*?)<\/script>/.exec(page.body)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  expect(page.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
});

test("a sign-in page that has expired says so and leads back", async () => {
  const page = await browser()(`${env.IDENTITY_ISSUER}/interaction/long-gone`, {
    headers: { "accept-language": "fr-FR,fr;q=0.9,en;q=0.5" },
  });
  expect(page.status).toBe(410);
  expect(page.body).toContain("Cette connexion a expiré");
  expect(page.body).toContain('href="http://127.0.0.1:4000"');
});
