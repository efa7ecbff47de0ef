import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger } from "@agent-factory/process/logger";
import { cloneDatabase } from "@agent-factory/testkit/database";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import pg from "pg";
import { expect, test } from "vitest";
import { packDirectory } from "./domain/templates/archive.ts";
import type { Env } from "./env.ts";
import { startRegistry } from "./main.ts";
import { startIssuer } from "./platform/test-issuer.ts";
import { EXAMPLES_DIR } from "./seed/demo.ts";

const logger = createLogger({ app: "test", level: "silent" });

/** An environment of its own; giving it back fails when the registry left a connection open. */
async function openEnvironment() {
  const db = await cloneDatabase();
  const dir = await mkdtemp(path.join(tmpdir(), "registry-"));
  const provider = await startIssuer();
  const env: Env = {
    API_REQUESTS_PER_MINUTE: 600,
    NODE_ENV: "test",
    DATABASE_URL_OWNER: db.ownerUrl,
    DATABASE_URL_TENANT: db.tenantUrl,
    DATABASE_URL_SYSTEM: db.systemUrl,
    REDIS_URL: testRedisUrl(),
    BLOB_DIR: path.join(dir, "blobs"),
    STATE_DIR: path.join(dir, "state"),
    BFF_HOST: "127.0.0.1",
    BFF_PORT: 0,
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_PORT: 0,
    GATEWAY_NAMES: ["localhost"],
    METRICS_HOST: "127.0.0.1",
    TRUST_DOMAIN: "test.local",
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: "urn:bff",
    BFF_ROLES: ["api", "gateway", "worker"],
    DEMO: true,
    LOG_LEVEL: "silent",
  };
  return {
    env,
    provider,
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await db.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

test("with every role, the demo is there, the local agent has its token, and a stop cuts streams and leaves nothing open", async () => {
  await using t = await openEnvironment();
  const registry = await startRegistry(t.env, logger);
  const base = `http://127.0.0.1:${registry.apiPort}`;
  const authorization = `Bearer ${await t.provider.token({ subject: "acme-editor" })}`;
  expect(registry.gatewayPort).toBeGreaterThan(0);
  expect((await fetch(`${base}/readyz`)).status).toBe(200);
  const me = (await (await fetch(`${base}/trpc/session.me`, { headers: { authorization } })).json()) as {
    result: { data: { user: { name: string } } };
  };
  expect(me.result.data.user.name).toBe("Emma Laurent");
  expect(await readFile(path.join(t.env.STATE_DIR, "local-join-token"), "utf8")).toMatch(/^\S{40,}\n$/);

  const stream = await fetch(`${base}/trpc/fleet.watch`, { headers: { authorization, accept: "text/event-stream" } });
  expect(stream.headers.get("content-type")).toMatch(/text\/event-stream/);
  const ended = stream.text().then(
    () => "ended",
    () => "cut",
  );
  await registry.stop("test");
  expect(await ended).toMatch(/ended|cut/);
  await expect(fetch(`${base}/healthz`)).rejects.toThrow();
});

test("what the registry tells Prometheus: requests by procedure, loops, and what waits; a ledger that is away is said, not guessed", async () => {
  await using t = await openEnvironment();
  const registry = await startRegistry({ ...t.env, METRICS_PORT: 0 }, logger);
  try {
    const base = `http://127.0.0.1:${registry.apiPort}`;
    const told = async () => (await fetch(`http://127.0.0.1:${registry.metricsPort}/metrics`)).text();
    const authorization = `Bearer ${await t.provider.token({ subject: "acme-editor" })}`;
    await fetch(`${base}/trpc/session.me`, { headers: { authorization } });
    await fetch(`${base}/trpc/session.me`);
    await fetch(`${base}/trpc/whatever-somebody-sends`, { headers: { authorization } });
    await fetch(`${base}/v1/templates/dependency-audit/channels/production/resolve?key=1`, { headers: { authorization } });
    await fetch(`${base}/nothing/here`);
    const count = (text: string, route: string) =>
      text
        .split("\n")
        .flatMap((line) =>
          line.startsWith("http_server_request_duration_seconds_count") && line.includes(`route="${route}"`) ? [line] : [],
        )
        .map((line) => line.replace(/^.*status="(\d+)".* (\d+)$/, "$1: $2"))
        .toSorted();
    const text = await told();
    expect(count(text, "session.me")).toEqual(["200: 1", "401: 1"]);
    expect(count(text, "/trpc/:path")).toEqual(["404: 1"]);
    expect(count(text, "/v1/templates/:name/channels/:channel/resolve")).toHaveLength(1);
    expect(count(text, "unknown")).toEqual(["404: 1"]);
    expect(text).not.toMatch(/whatever|dependency-audit|acme/);
    expect(text).toContain('agent_factory_ledger_up{app="registry"} 1');
    expect(text).toContain('agent_factory_runs_queued{app="registry"} 0');
    expect(text).toContain('agent_factory_hosts_linked{app="registry"} 0');
    await expect.poll(told).toMatch(/^agent_factory_loop_turn_duration_seconds_count\{.*loop="rollouts".*\} [1-9]/m);
    const admin = new pg.Client({ connectionString: t.env.DATABASE_URL_OWNER });
    await admin.connect();
    await admin.query("alter table usage_inbox rename to usage_inbox_away");
    const away = await told();
    await admin.query("alter table usage_inbox_away rename to usage_inbox");
    await admin.end();
    expect(away).toContain('agent_factory_ledger_up{app="registry"} 0');
    expect(away).not.toMatch(/^agent_factory_runs_queued/m);
    expect(await told()).toContain('agent_factory_runs_queued{app="registry"} 0');
  } finally {
    await registry.stop("test");
  }
});

test("a process with one role opens that one only", async () => {
  await using t = await openEnvironment();
  const registry = await startRegistry({ ...t.env, DEMO: false, BFF_ROLES: ["worker"] }, logger);
  expect([registry.apiPort, registry.gatewayPort]).toEqual([null, null]);
  await registry.stop("test");
});

test("when one part cannot start, the others are closed again and the start fails with the reason", async () => {
  await using t = await openEnvironment();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const { port } = squatter.address() as AddressInfo;
  await expect(startRegistry({ ...t.env, DEMO: false, BFF_PORT: port }, logger)).rejects.toThrow(/EADDRINUSE/);
  await expect(startRegistry({ ...t.env, DEMO: false, DATABASE_URL_OWNER: "postgresql://x:y@127.0.0.1:9/x" }, logger)).rejects.toThrow(
    /ECONNREFUSED/,
  );
  await new Promise<void>((resolve) => squatter.close(() => resolve()));
});

test("without Redis the registry starts, seeds and serves; only doorbells are missing", async () => {
  await using t = await openEnvironment();
  const registry = await startRegistry({ ...t.env, REDIS_URL: "redis://127.0.0.1:9" }, logger);
  const base = `http://127.0.0.1:${registry.apiPort}`;
  const authorization = `Bearer ${await t.provider.token({ subject: "acme-editor" })}`;
  const list = (await (await fetch(`${base}/trpc/templates.list?input=%7B%7D`, { headers: { authorization } })).json()) as {
    result: { data: { total: number } };
  };
  expect(list.result.data.total).toBe(2);
  const ready = await fetch(`${base}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { parts: { redis: { detail: expect.stringMatching(/away/) } } }]);
  await registry.stop("test");
});

test("a code archive is stored by an authorised upload; 200 MB, other bytes and no token are refused", async () => {
  await using t = await openEnvironment();
  const registry = await startRegistry({ ...t.env, BFF_ROLES: ["api"] }, logger);
  const upload = async (subject: string | null, body: RequestInit["body"]) => {
    const authorization: Record<string, string> =
      subject === null ? {} : { authorization: `Bearer ${await t.provider.token({ subject })}` };
    const headers = { ...authorization, "content-type": "application/octet-stream" };
    const response = await fetch(`http://127.0.0.1:${registry.apiPort}/archives`, {
      method: "PUT",
      headers,
      body,
      duplex: "half",
    } as RequestInit);
    return [response.status, await response.json()] as const;
  };
  try {
    const packed = await packDirectory(path.join(EXAMPLES_DIR, "log-digest"));
    expect(await upload("acme-editor", packed)).toMatchObject([
      200,
      { digest: expect.stringMatching(/^sha256:/), sizeBytes: packed.length },
    ]);
    expect(await upload("acme-reviewer", packed)).toMatchObject([403, { error: { data: { failure: { code: "access.denied" } } } }]);
    expect(await upload(null, packed)).toMatchObject([401, { error: { data: { failure: { code: "session.signed-out" } } } }]);
    expect(await upload("acme-editor", "not a tar.gz")).toMatchObject([
      422,
      { error: { data: { failure: { code: expect.stringMatching(/^archives\./) } } } },
    ]);
    let sentBytes = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sentBytes += 1024 * 1024;
        controller.enqueue(new Uint8Array(1024 * 1024));
        if (sentBytes >= 200 * 1024 * 1024) controller.close();
      },
    });
    const refused = await upload("acme-editor", endless).catch((error: Error) => error);
    // The answer may be cut off by the closing connection; either way the rest was not taken.
    if (!(refused instanceof Error)) expect(refused).toMatchObject([413, { error: { data: { failure: { code: "archives.too-large" } } } }]);
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  } finally {
    await registry.stop("test");
  }
});
