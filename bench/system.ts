/**
 * The real registry as a process of its own, on PostgreSQL whose every commit is on disk and on Redis: what benchmarks drive over HTTP and
 * over hosts' links. It holds the demo: tenant `acme` with its people, templates and channel.
 *
 * `BENCH_CPU_PROF=<directory>` has each process write a CPU profile there when it stops.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ChildProcess, freePort, startChild, until } from "@agent-factory/testkit/child-process";
import type { PostgresServer } from "@agent-factory/testkit/postgres";
import { startRedis } from "@agent-factory/testkit/redis";
import { createTRPCClient, httpLink } from "@trpc/client";
import pg from "pg";
import type { AppRouter } from "../apps/bff/src/api/root.ts";
import { packArchive } from "../apps/bff/src/domain/templates/archive.ts";
import { startIssuer } from "../apps/bff/src/platform/test-issuer.ts";
import { onLedger } from "./ledger.ts";

const ROOT = join(import.meta.dirname, "..");
/** No request of a benchmark waits for its rate. */
const REQUESTS_PER_MINUTE = 1_000_000;

export type BenchSystem = {
  readonly dir: string;
  readonly postgres: PostgresServer;
  /** The registry's database, by role; `postgres` is the superuser, whom row-level security does not bind. */
  readonly ledgerUrl: (role: "postgres" | "af_tenant" | "af_system" | "af_owner") => string;
  readonly redisUrl: string;
  readonly origin: string;
  readonly gatewayUrl: string;
  readonly stateDir: string;
  readonly tenantId: string;
  /** A service token of the demo tenant that may run what is published. */
  readonly serviceToken: string;
  /** The `authorization` of one of the demo tenant's people. */
  bearerAs(role: string): Promise<string>;
  /** The console's door, as one of the demo tenant's people: `editor`, `reviewer`, `operator`, `admin`, … */
  clientAs(role: string): Promise<ReturnType<typeof createTRPCClient<AppRouter>>>;
  /** A template with this code, reviewed, approved, published and signed. */
  publish(name: string, code: string): Promise<void>;
  startAgent(options: { slots: number; warmTarget: number }): Promise<ChildProcess>;
  close(): Promise<void>;
};

export function startBenchSystem(name: string): Promise<BenchSystem> {
  return onLedger(name, async ({ dir, postgres, url, opened }) => {
    const redis = await startRedis({ dataDir: join(dir, "redis") });
    opened(redis.stop);
    const issuer = await startIssuer();
    opened(() => issuer[Symbol.asyncDispose]());

    const [bffPort, gatewayPort, stateDir] = [await freePort(), await freePort(), join(dir, "state-bff")];
    const [origin, gatewayUrl] = [`http://127.0.0.1:${bffPort}`, `https://localhost:${gatewayPort}`];
    const start = async (program: string, env: Record<string, string>): Promise<ChildProcess> => {
      const profile = process.env["BENCH_CPU_PROF"];
      const child = await startChild({
        name: program,
        command: process.execPath,
        args: [...(profile ? ["--cpu-prof", `--cpu-prof-dir=${profile}`] : []), join(ROOT, `apps/${program}/src/main.ts`)],
        cwd: ROOT,
        env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", LOG_LEVEL: "warn", ...env },
        logFile: join(dir, `${program}.log`),
      });
      opened(() => child.stop());
      return child;
    };
    const ready = (program: string, child: ChildProcess, url: string) =>
      until(`${program} is ready`, async () => (await fetch(url).catch(() => null))?.ok === true, {
        timeoutMs: 60_000,
        failed: () => (child.running() ? null : readFileSync(join(dir, `${program}.log`), "utf8").slice(-2_000)),
      });

    for (const place of ["blobs", "state-bff", "state-agent"]) mkdirSync(join(dir, place), { mode: 0o700 });
    const bff = await start("bff", {
      DATABASE_URL_TENANT: url("af_tenant"),
      DATABASE_URL_SYSTEM: url("af_system"),
      REDIS_URL: redis.url(),
      BLOB_DIR: join(dir, "blobs"),
      STATE_DIR: stateDir,
      BFF_PORT: String(bffPort),
      GATEWAY_PORT: String(gatewayPort),
      OIDC_ISSUER: issuer.issuer,
      API_REQUESTS_PER_MINUTE: String(REQUESTS_PER_MINUTE),
      DEMO: "1",
    });
    await ready("bff", bff, `${origin}/readyz`);

    const bearerAs = async (role: string) => `Bearer ${await issuer.token({ subject: `acme-${role}`, expiresIn: "1h" })}`;
    const clientAs = async (role: string) =>
      createTRPCClient<AppRouter>({ links: [httpLink({ url: `${origin}/trpc`, headers: { authorization: await bearerAs(role) } })] });
    const owner = new pg.Client({ connectionString: url("postgres") });
    await owner.connect();
    opened(() => owner.end());
    const { rows: tenants } = await owner.query<{ id: string }>("select id from tenants where slug = 'acme'");
    const tenantId = tenants[0]?.id ?? "";

    return {
      dir,
      postgres,
      ledgerUrl: url,
      redisUrl: redis.url(),
      origin,
      gatewayUrl,
      stateDir,
      tenantId,
      serviceToken: readFileSync(join(stateDir, "demo-token"), "utf8").trim(),
      bearerAs,
      clientAs,
      publish: async (templateName, code) => {
        const [editor, reviewer] = [await clientAs("editor"), await clientAs("reviewer")];
        const uploaded = await fetch(`${origin}/archives`, {
          method: "PUT",
          headers: { authorization: await bearerAs("editor"), "content-type": "application/octet-stream" },
          body: new Uint8Array(packArchive([{ path: "index.mjs", bytes: Buffer.from(code) }])),
        });
        const { digest: archive } = (await uploaded.json()) as { digest: string };
        const { draftId } = await editor.templates.create.mutate({ source: manifestOf(templateName, archive) });
        const { revision } = await editor.drafts.get.query({ draftId });
        const asked = await editor.reviews.request.mutate({ draftId, expectedRevision: revision, title: templateName });
        const { id: reviewId, digest, head } = await reviewer.reviews.get.query({ number: asked.number });
        const said = { reviewId, digest: digest ?? "", baseDigest: head.base?.digest ?? null, policyRevision: head.policyRevision };
        await reviewer.reviews.approve.mutate(said);
        const signed =
          "select 1 from template_versions v join templates t on t.id = v.template_id where t.name = $1 and v.attestation_id is not null";
        await until("the version is signed", async () => (await owner.query(signed, [templateName])).rowCount === 1, { timeoutMs: 30_000 });
      },
      startAgent: async ({ slots, warmTarget }) => {
        const healthPort = await freePort();
        const agent = await start("runtime-agent", {
          GATEWAY_URL: gatewayUrl,
          JOIN_TOKEN_FILE: join(stateDir, "local-join-token"),
          STATE_DIR: join(dir, "state-agent"),
          HEALTH_PORT: String(healthPort),
          SLOTS: String(slots),
          WARM_TARGET: String(warmTarget),
        });
        await ready("runtime-agent", agent, `http://127.0.0.1:${healthPort}/readyz`);
        const known = async () => (await owner.query("select 1 from hosts where state = 'ready' and slots_free > 0")).rowCount !== 0;
        await until("the host is known", known, { timeoutMs: 30_000 });
        return agent;
      },
    };
  });
}

function manifestOf(name: string, archive: string): string {
  return `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: ${name}, title: Measured, description: Does nothing., owner: bench }
spec:
  driver: node
  code: { archive: "${archive}", entry: default }
  input: { type: object }
  output: { type: object }
  resources: { cpu: 1000m, memory: 128Mi }
  limits: { timeout: 10s, maxAttempts: 3 }
`;
}
