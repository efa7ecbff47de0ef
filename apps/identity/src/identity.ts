import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Health } from "@agent-factory/process/health";
import type { Logger } from "@agent-factory/process/logger";
import { errors } from "oidc-provider";
import type { Env } from "./env.ts";
import { messagePage, signInPage } from "./pages.ts";
import { findPerson } from "./people.ts";
import { contentSecurityPolicy, createProvider } from "./provider.ts";
import { chooseLanguage, say, sentences } from "./sentences.ts";
import { loadSecrets, openStore } from "./state.ts";

export type Identity = { readonly port: number; close(): Promise<void> };

/** How much a posted form may hold; ours have one field. */
const FORM_BYTES = 4096;

/**
 * Serves the development provider: its own sign-in page at `/interaction/<uid>`, assets, health, and OpenID Connect for the rest.
 *
 *   authorize -> interaction (who are you?) -> resume -> code -> token;  later: refresh, or end session
 */
export async function serveIdentity(options: { env: Env; health: Health; logger: Logger }): Promise<Identity> {
  const { env, health, logger } = options;
  const store = openStore(env.STATE_DIR);
  const provider = createProvider({ env, secrets: await loadSecrets(env.STATE_DIR), store });
  provider.on("server_error", (_, error) => logger.error({ err: error }, "the provider failed"));
  const openid = provider.callback();
  const assets = loadAssets();
  const csp = contentSecurityPolicy(env.CONSOLE_URL);

  async function interaction(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { uid, prompt, params } = await provider.interactionDetails(request, response);
    const language = chooseLanguage(url.searchParams.get("lang"), String(params["ui_locales"] ?? ""), request.headers["accept-language"]);
    if (prompt.name === "consent") {
      // asked for by the client (`prompt=consent`); the grant itself is made in loadExistingGrant
      await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
      return;
    }
    if (request.method !== "POST") return html(response, 200, signInPage({ language, uid }));
    const form = await readForm(request);
    const given = form.get("person") ?? form.get("email") ?? "";
    const person = findPerson(given);
    if (!person) return html(response, 200, signInPage({ language, uid, unknownEmail: given }));
    logger.info({ subject: person.subject }, "signed in");
    await provider.interactionFinished(request, response, { login: { accountId: person.subject } }, { mergeWithLastSubmission: false });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", env.IDENTITY_ISSUER);
    for (const [name, value] of Object.entries({
      "content-security-policy": csp,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    })) {
      response.setHeader(name, value);
    }
    const asset = assets.get(url.pathname);
    if (asset) {
      response.setHeader("content-type", asset.type);
      response.setHeader("cache-control", "public, max-age=3600");
      response.end(asset.bytes);
      return;
    }
    if (url.pathname === "/healthz" || url.pathname === "/readyz") {
      const good = url.pathname === "/healthz" ? health.live() : health.ready();
      response.writeHead(good ? 200 : 503, { "content-type": "application/json" }).end(JSON.stringify(health.snapshot()));
      return;
    }
    if (!url.pathname.startsWith("/interaction/")) return void (await openid(request, response));
    try {
      await interaction(request, response, url);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      const language = chooseLanguage(url.searchParams.get("lang"), request.headers["accept-language"]);
      const [title, text] = [say(sentences.expiredTitle, language), say(sentences.expired, language)];
      html(response, 410, messagePage({ language, title, text, consoleUrl: env.CONSOLE_URL }));
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ err: error, path: request.url?.split("?")[0] }, "a request failed");
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end("Internal error");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(env.IDENTITY_PORT, env.IDENTITY_HOST, resolve);
  });
  health.set("provider", "ok");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      });
      await store.flush();
    },
  };
}

function html(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(body);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > FORM_BYTES) break;
  }
  return new URLSearchParams(text.slice(0, FORM_BYTES));
}

function loadAssets(): Map<string, { type: string; bytes: Buffer }> {
  const own = (name: string) => readFileSync(join(import.meta.dirname, "assets", name));
  const font = createRequire(import.meta.url).resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2");
  return new Map([
    ["/assets/identity.css", { type: "text/css; charset=utf-8", bytes: own("identity.css") }],
    ["/assets/sign-out.js", { type: "text/javascript; charset=utf-8", bytes: own("sign-out.js") }],
    ["/assets/mark.svg", { type: "image/svg+xml", bytes: own("mark.svg") }],
    ["/assets/inter.woff2", { type: "font/woff2", bytes: readFileSync(font) }],
  ]);
}
