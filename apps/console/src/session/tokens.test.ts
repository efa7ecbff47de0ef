import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readSessionCookie, sessionCookieName, writeSessionCookie } from "./session-cookie.ts";
import { createRenewer, type Tokens } from "./tokens.ts";

const NOW = 1_000_000_000_000;
const tokens = (lifeMs: number, size = 10): Tokens => ({
  accessToken: "a".repeat(size),
  refreshToken: "r",
  idToken: null,
  accessTokenExpiresAt: NOW + lifeMs,
  subject: "emma",
  name: "Emma",
  email: "emma@acme.test",
});

let server: Server | undefined;
afterEach(async () => {
  const closing = server;
  server = undefined;
  if (closing) await new Promise((resolve) => closing.close(resolve));
});

/** An issuer that answers each renewal with the given status, and counts them. */
async function issuer(status: number): Promise<{ url: string; count: () => number; body: () => string }> {
  let count = 0;
  let body = "";
  server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url?.includes("openid-configuration")) {
      response.end(JSON.stringify({ token_endpoint: `http://${request.headers.host}/token` }));
      return;
    }
    count++;
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      body = text;
      response.statusCode = status;
      response.end(JSON.stringify(status === 200 ? { access_token: `fresh-${count}`, expires_in: 600 } : { error: "invalid_grant" }));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count, body: () => body };
}

const renewerAt = (url: string) =>
  createRenewer({ url, clientId: "console", clientSecret: "s3cret", audience: "urn:bff" }, { now: () => NOW });

test("a token that is good for longer is left alone", async () => {
  const { url, count } = await issuer(200);
  expect((await renewerAt(url)(tokens(60_000))).type).toBe("current");
  expect(count()).toBe(0);
});

test("a hundred requests at once renew an ageing token once, and all get the same one, latecomers too", async () => {
  const { url, count, body } = await issuer(200);
  const renew = renewerAt(url);
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => renew(tokens(5_000))));
  outcomes.push(await renew(tokens(5_000)));
  expect(count()).toBe(1);
  expect(new Set(outcomes.map((outcome) => (outcome.type === "renewed" ? outcome.tokens.accessToken : outcome.type)))).toEqual(
    new Set(["fresh-1"]),
  );
  expect(Object.fromEntries(new URLSearchParams(body()))).toEqual({ grant_type: "refresh_token", refresh_token: "r", resource: "urn:bff" });
});

test("a refused refresh token ends the session", async () => {
  const { url } = await issuer(400);
  expect((await renewerAt(url)(tokens(5_000))).type).toBe("ended");
});

test("an issuer that is away ends nothing: a good token is used on, an expired one waits", async () => {
  const { url } = await issuer(500);
  expect((await renewerAt(url)(tokens(5_000))).type).toBe("current");
  expect((await renewerAt(url)(tokens(-5_000))).type).toBe("stuck");
  expect((await renewerAt("http://127.0.0.1:1")(tokens(-5_000))).type).toBe("stuck");
});

const jar = (cookies: readonly { name: string; value: string }[]) => ({ getAll: () => cookies });
const SECRET = "0123456789abcdef0123456789abcdef";

test("the session survives its cookie, also when it is cut into pieces, and nobody else's secret opens it", async () => {
  const name = sessionCookieName("http://127.0.0.1:4000");
  for (const size of [10, 9_000]) {
    const written = await writeSessionCookie(jar([]), name, SECRET, tokens(0, size));
    expect(written.every((cookie) => cookie.value.length + cookie.name.length < 4096)).toBe(true);
    expect(await readSessionCookie(jar([...written].reverse()), name, SECRET)).toEqual(tokens(0, size));
    expect(await readSessionCookie(jar(written), name, `${SECRET}x`)).toBeNull();
  }
});

test("a shorter session takes away the pieces of a longer one", async () => {
  const name = sessionCookieName("https://console.example");
  const long = await writeSessionCookie(jar([]), name, SECRET, tokens(0, 9_000));
  const short = await writeSessionCookie(jar(long), name, SECRET, tokens(0));
  expect(short.filter((cookie) => cookie.maxAge === 0).map((cookie) => cookie.name)).toEqual(long.map((cookie) => cookie.name));
  const ended = await writeSessionCookie(jar(long), name, SECRET, null);
  expect(ended.every((cookie) => cookie.value === "" && cookie.maxAge === 0)).toBe(true);
});
