import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type ChildProcess, freePort, startChild, until } from "@agent-factory/testkit/child-process";
import { cloneDatabase } from "@agent-factory/testkit/database";
import { throwawayDir } from "@agent-factory/testkit/postgres";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { createTRPCClient, httpLink } from "@trpc/client";
import { Redis } from "ioredis";
import pg from "pg";
import type { AppRouter } from "../../apps/bff/src/api/root.ts";
import { packArchive } from "../../apps/bff/src/domain/templates/archive.ts";
import { startIssuer } from "../../apps/bff/src/platform/test-issuer.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const ENDED = ["succeeded", "failed", "cancelled", "dead"];

export type System = Awaited<ReturnType<typeof startSystem>>;

export type PublishedVersion = {
  readonly tenantId: string;
  readonly semver: string;
  readonly manifestDigest: string;
  readonly codeDigest: string;
  readonly bundleDigest: string;
};

/** The real BFF and one real runtime agent as processes of their own, with a template of the test's and a draft of it to try. */
export async function startSystem({
  templateName,
  code,
  timeout,
  memory,
  slots,
}: {
  templateName: string;
  code: Readonly<Record<string, string>>;
  timeout: string;
  memory: string;
  slots: number;
}) {
  const dir = throwawayDir("test");
  const database = await cloneDatabase();
  const redisUrl = testRedisUrl();
  const issuer = await startIssuer();
  // row-level security binds even the owner of the tables: who counts over all tenants is the server's superuser
  const ledgerUrl = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
  ledgerUrl.pathname = `/${database.name}`;
  const ledger = new pg.Client({ connectionString: ledgerUrl.href, options: "-c TimeZone=UTC" });
  await ledger.connect();
  const [bffPort, gatewayPort, healthPort] = [await freePort(), await freePort(), await freePort()];
  const bffEnv = {
    DATABASE_URL_TENANT: database.tenantUrl,
    DATABASE_URL_SYSTEM: database.systemUrl,
    REDIS_URL: redisUrl,
    BLOB_DIR: path.join(dir, "blobs"),
    STATE_DIR: path.join(dir, "state-bff"),
    BFF_PORT: String(bffPort),
    GATEWAY_PORT: String(gatewayPort),
    OIDC_ISSUER: issuer.issuer,
    DEMO: "1",
  };
  const agentEnv = {
    GATEWAY_URL: `https://localhost:${gatewayPort}`,
    JOIN_TOKEN_FILE: path.join(bffEnv.STATE_DIR, "local-join-token"),
    STATE_DIR: path.join(dir, "state-agent"),
    HEALTH_PORT: String(healthPort),
    SLOTS: String(slots),
    WARM_TARGET: String(slots),
  };
  for (const place of [bffEnv.BLOB_DIR, bffEnv.STATE_DIR, agentEnv.STATE_DIR]) mkdirSync(place, { recursive: true, mode: 0o700 });

  let bff: ChildProcess | undefined;
  let agent: ChildProcess | undefined;

  const start = (name: string, main: string, env: Record<string, string>) =>
    startChild({
      name,
      command: process.execPath,
      args: [path.join(ROOT, main)],
      cwd: ROOT,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", LOG_LEVEL: "info", ...env },
      logFile: path.join(dir, `${name}.log`),
      recordFile: path.join(dir, `${name}.process.json`),
    });
  const lastWords = (name: string) => {
    const file = path.join(dir, `${name}.log`);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-15).join("\n") : "(said nothing)";
  };
  const failedOf = (name: string, child: ChildProcess | undefined) => () =>
    child?.running() ? null : `${name} ended:\n${lastWords(name)}`;

  const startBff = async () => {
    bff = await start("bff", "apps/bff/src/main.ts", bffEnv);
    await until("BFF ready", async () => (await fetch(`http://127.0.0.1:${bffPort}/readyz`).catch(() => null))?.ok === true, {
      timeoutMs: 30_000,
      failed: failedOf("bff", bff),
    });
  };
  const hostIsReady = async () => (await ledger.query("select 1 from hosts where state = 'ready' and slots_free > 0")).rowCount !== 0;
  const startAgent = async () => {
    agent = await start("agent", "apps/runtime-agent/src/main.ts", agentEnv);
    await until("agent ready", async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => null))?.ok === true, {
      timeoutMs: 30_000,
      failed: failedOf("agent", agent),
    });
    await until("host known as ready", hostIsReady, { timeoutMs: 30_000, failed: failedOf("agent", agent) });
  };
  const kill = async (child: ChildProcess | undefined) => {
    if (child) process.kill(child.pid, "SIGKILL");
    await child?.exited;
  };

  const stop = async () => {
    await agent?.stop();
    await bff?.stop();
    await ledger.end();
    await issuer[Symbol.asyncDispose]();
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await startBff();
    await startAgent();
  } catch (error) {
    const said = ["bff", "agent"].map((name) => `--- ${name}\n${lastWords(name)}`).join("\n");
    await stop();
    throw new Error(`the system did not start: ${error instanceof Error ? error.message : String(error)}\n${said}`);
  }

  const bearerOf = async (role: string) => `Bearer ${await issuer.token({ subject: `acme-${role}`, expiresIn: "1h" })}`;
  const clientOf = async (role: string) => {
    const headers = { authorization: await bearerOf(role) };
    return createTRPCClient<AppRouter>({ links: [httpLink({ url: `http://127.0.0.1:${bffPort}/trpc`, headers })] });
  };
  const [authorization, api] = [await bearerOf("editor"), await clientOf("editor")];
  const [reviewer, operator, admin] = [await clientOf("reviewer"), await clientOf("operator"), await clientOf("admin")];

  /** The manifest of a template with this code, which the registry has. */
  const sourceOf = async (name: string, files: Readonly<Record<string, string>>) => {
    const archive = packArchive(Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })));
    const uploaded = await fetch(`http://127.0.0.1:${bffPort}/archives`, {
      method: "PUT",
      headers: { authorization, "content-type": "application/octet-stream" },
      body: new Uint8Array(archive),
    });
    if (!uploaded.ok) throw new Error(`the code archive was refused: ${await uploaded.text()}`);
    const { digest } = (await uploaded.json()) as { digest: string };
    return `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: ${name}, title: Behaves, description: Does what its input says., owner: team-platform }
spec:
  driver: node
  code: { archive: "${digest}", entry: default }
  input: { type: object }
  output: { type: object }
  resources: { cpu: 1000m, memory: ${memory} }
  limits: { timeout: ${timeout}, maxAttempts: 3 }
`;
  };
  const createTemplate = async (name: string, files: Readonly<Record<string, string>>) =>
    (await api.templates.create.mutate({ source: await sourceOf(name, files) })).draftId;
  const createNext = async (name: string, files: Readonly<Record<string, string>>) => {
    const { draftId } = await api.drafts.create.mutate({ templateName: name });
    const { revision: expectedRevision } = await api.drafts.get.query({ draftId });
    await api.drafts.save.mutate({ draftId, expectedRevision, source: await sourceOf(name, files) });
    return draftId;
  };
  const draftId = await createTemplate(templateName, code);
  const { revision } = await api.drafts.get.query({ draftId });

  const get = (runId: string) => api.runs.get.query({ runId });
  const counts = async (runIds: readonly string[] | null) =>
    (
      await ledger.query<{ id: string; state: string; ends: number }>(
        `select r.id, r.state::text,
                (select count(*)::int from run_events e where e.run_id = r.id and e.kind in ('finished', 'cancelled', 'dead')) as ends
           from runs r where $1::uuid[] is null or r.id = any($1::uuid[])`,
        [runIds],
      )
    ).rows;

  const newestOf = async (name: string) => {
    const { rows } = await ledger.query<PublishedVersion>(
      `select v.tenant_id as "tenantId", v.semver, v.digest as "manifestDigest", v.code_digest as "codeDigest", a.bundle_digest as "bundleDigest"
         from template_versions v join templates t on t.id = v.template_id join attestations a on a.id = v.attestation_id where t.name = $1
        order by v.published_at desc limit 1`,
      [name],
    );
    return rows[0];
  };

  /** What is proposed in this review is approved by somebody else, as it is. */
  const approve = async (number: number) => {
    const { id: reviewId, digest, head } = await reviewer.reviews.get.query({ number });
    await reviewer.reviews.approve.mutate({
      reviewId,
      digest: digest ?? "",
      baseDigest: head.base?.digest ?? null,
      policyRevision: head.policyRevision,
    });
  };
  const publishDraft = async (name: string, id: string): Promise<PublishedVersion> => {
    const before = await newestOf(name);
    const draft = await api.drafts.get.query({ draftId: id });
    const asked = { draftId: draft.id, expectedRevision: draft.revision, title: `Publish ${name}` };
    await approve((await api.reviews.request.mutate(asked)).number);
    await until("the version is signed", async () => (await newestOf(name))?.semver !== before?.semver, {
      timeoutMs: 30_000,
      failed: failedOf("bff", bff),
    });
    return (await newestOf(name)) as PublishedVersion;
  };

  return {
    operator,
    admin,
    editor: api,
    /** As the server's superuser: over all tenants. */
    rows: async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await ledger.query<R>(sql, [...values])).rows,
    approve,
    /** A template whose first version went the whole way: reviewed by somebody else, approved, published, signed, logged. */
    publish: async (name: string, files: Readonly<Record<string, string>>) => publishDraft(name, await createTemplate(name, files)),
    /** The next version of a template that has one, the same way. */
    publishNext: async (name: string, files: Readonly<Record<string, string>>) => publishDraft(name, await createNext(name, files)),
    submit: async (name: string, input: unknown) =>
      (await api.runs.submit.mutate({ templateName: name, input: JSON.stringify(input) })).runId,
    /** Changes one byte where the registry stores it. */
    damage: ({ tenantId }: PublishedVersion, digest: string) => {
      const hex = digest.slice("sha256:".length);
      const file = path.join(bffEnv.BLOB_DIR, tenantId, "sha256", hex.slice(0, 2), hex);
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    tryAll: (inputs: readonly unknown[]) =>
      Promise.all(
        inputs.map(
          async (input) => (await api.runs.try.mutate({ draftId, expectedRevision: revision, input: JSON.stringify(input) })).runId,
        ),
      ),
    states: async (runs: readonly string[]) => {
      const rows = await counts(runs);
      return runs.map((id) => rows.find((row) => row.id === id)?.state);
    },
    /** Waits until every run has ended. */
    ends: async (runs: readonly string[]) => {
      await until("every run ended", async () => (await counts(runs)).every((row) => ENDED.includes(row.state)), {
        timeoutMs: 90_000,
        everyMs: 100,
      });
      return Promise.all(runs.map(get));
    },
    expectCountedOnce: async (runs: readonly string[]) => {
      const wrong = (await counts(runs)).filter((row) => row.ends !== 1);
      if (wrong.length > 0) throw new Error(`not ended exactly once: ${JSON.stringify(wrong)}`);
    },
    /** Over the whole ledger: nothing queued or held, one end each. */
    expectEveryRunEndedOnce: async () => {
      const rows = await counts(null);
      const wrong = rows.filter((row) => row.ends !== 1 || !ENDED.includes(row.state));
      if (rows.length === 0 || wrong.length > 0) throw new Error(`of ${rows.length} runs not ended exactly once: ${JSON.stringify(wrong)}`);
    },
    logBytes: async (runId: string) =>
      (
        await ledger.query<{ bytes: number }>("select coalesce(sum(octet_length(text)), 0)::int as bytes from run_logs where run_id = $1", [
          runId,
        ])
      ).rows[0]?.bytes ?? 0,
    flushRedis: async () => {
      const redis = new Redis(redisUrl);
      await redis.flushall();
      await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
      redis.disconnect();
    },
    startBff,
    startAgent,
    killBff: () => kill(bff),
    killAgent: () => kill(agent),
    /** Processes inside sandboxes that the present agent did not start. */
    sandboxesLeft: () => orphans(agent?.pid ?? 0),
    until: (what: string, condition: () => Promise<boolean>) =>
      until(what, condition, { timeoutMs: 30_000, failed: () => failedOf("bff", bff)() ?? failedOf("agent", agent)() }),
    stop,
  };
}

/** bubblewrap processes whose parent is init: their agent died and nobody ended them. */
function orphans(agentPid: number): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== agentPid)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return parent === "1" && /\bbwrap\b/.test(command) ? [command.slice(0, 200)] : [];
      } catch {
        return [];
      }
    });
}
