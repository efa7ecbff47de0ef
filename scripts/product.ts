import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { endRecorded, processStart, readRecord } from "@agent-factory/testkit/child-process";
import { ensureDatabase, ensureRoles, reachableDataDir, rolePassword, startPostgres } from "@agent-factory/testkit/postgres";
import { startRedis } from "@agent-factory/testkit/redis";
import { runMigrations } from "../apps/bff/src/platform/migrations.ts";
import { buildConsole } from "./console-build.ts";
import { generateClient } from "./generate.ts";
import { ensureTool, portIsFree, requireDisk, requirePorts, tools } from "./machine.ts";
import { answers, lastWords, type Supervised, type SupervisedSpec, supervise } from "./supervised.ts";
import { Problem, type Progress } from "./terminal.ts";

export const root = join(import.meta.dirname, "..");

/** Where `npm start` keeps everything: `.data` in the project, or below /var/lib when the database's user cannot reach that. */
export const defaultDataDir = (): string => reachableDataDir(root);

export type ProductOptions = {
  dataDir: string;
  /** Added to every port, so that two products can run side by side. */
  portOffset: number;
  mode: "start" | "dev";
  progress: Progress;
  /** Ends the start early; what was started is stopped. */
  signal?: AbortSignal;
  /** Environment for single programs, e.g. a short access token life for tests. */
  env?: {
    identity?: Record<string, string>;
    bff?: Record<string, string>;
    agent?: Record<string, string>;
    console?: Record<string, string>;
  };
  /** Called when a program ended by itself; `again` says whether it is started again. Without a next try the product is useless. */
  onEnd: (sentence: string, again: boolean) => void;
};

export type Product = {
  readonly urls: { readonly console: string; readonly bff: string; readonly identity: string };
  readonly programs: { readonly [name: string]: Supervised };
  /** A sentence when the local host does not serve, else null. */
  readonly hostProblem: string | null;
  /** Stops everything in the reverse order of starting. Safe to call twice. */
  stop(): Promise<void>;
};

type Secrets = { database: string; redis: string; oidcClient: string; nextAuth: string };

export const portsFor = (offset: number) => ({
  console: 4000 + offset,
  registry: 4100 + offset,
  "registry metrics": 4110 + offset,
  "host gateway": 4200 + offset,
  "host health": 4210 + offset,
  "identity provider": 4300 + offset,
  PostgreSQL: 54_329 + offset,
  Redis: 63_790 - offset,
});

/** The first offset of which all ports are free, so that a running `npm start` is not in the way of tests and benchmarks. */
export async function freePortOffset(): Promise<number> {
  for (let offset = 1000; offset < 9000; offset += 500) {
    const free = await Promise.all(Object.values(portsFor(offset)).map(portIsFree));
    if (free.every(Boolean)) return offset;
  }
  throw new Error("no free range of ports for the product");
}

/**
 * Starts the whole product from the source tree: tools, client, console build, PostgreSQL, Redis, migrations, identity provider,
 * registry with the demo tenants, console and one local host. The one way it is started: by `npm start`, `npm run dev`, the
 * end-to-end tests and the benchmarks. When a step fails, everything that was started is stopped before the problem is thrown.
 */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { dataDir, progress } = options;
  const opened: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  let undone = false;
  const closeAll = async () => {
    undone = opened.length > 1; // the lock alone is not worth a word
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  };
  const stop = () => {
    stopping ??= closeAll();
    return stopping;
  };
  try {
    return await open(options, opened, stop);
  } catch (error) {
    await stop();
    if (error instanceof Error && /ENOSPC|No space left/i.test(error.message)) {
      throw new Problem(
        `The disk is full; nothing was lost that was saved before. Free some space (the data is in ${dataDir}) and start again.`,
      );
    }
    if (error instanceof Error && /^(PostgreSQL|Redis|redis-server|@embedded)/.test(error.message)) throw new Problem(error.message);
    throw error;
  } finally {
    if (undone) progress.note("What had been started is stopped again.");
  }
}

async function open(options: ProductOptions, opened: (() => Promise<void>)[], stop: () => Promise<void>): Promise<Product> {
  const { dataDir, mode } = options;
  const progress: Progress = {
    note: options.progress.note,
    step: async (title, work) => {
      options.signal?.throwIfAborted();
      return options.progress.step(title, work);
    },
  };
  const first = !existsSync(join(dataDir, "secrets.json"));
  requireDisk(dataDir, first ? 1500 : 300);
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  await takeLock(dataDir, progress);
  opened.push(async () => rmSync(join(dataDir, "start.json"), { force: true }));
  const ports = portsFor(options.portOffset);
  const given = { database: process.env.DATABASE_URL, redis: process.env.REDIS_URL };
  const sandbox = process.env.SANDBOX ?? (process.platform === "linux" ? "bubblewrap" : "process");

  await progress.step("Tools", async (detail) => {
    const wanted = [...(given.redis ? [] : [tools.redis]), ...(sandbox === "bubblewrap" ? [tools.bubblewrap] : [])];
    for (const tool of wanted) ensureTool(tool, detail);
    detail(["Node 24", ...wanted.map((tool) => tool.apt)].join(", "));
    const { PostgreSQL, Redis, ...apps } = ports;
    await requirePorts({ ...apps, ...(given.database ? {} : { PostgreSQL }), ...(given.redis ? {} : { Redis }) });
    generateClient();
  });
  if (mode === "start") await progress.step("Console", (detail) => buildConsole(root, detail, options.signal));

  const secrets = loadSecrets(dataDir);
  const log = (name: string) => join(dataDir, "logs", `${name}.log`);
  const databaseName = given.database ? new URL(given.database).pathname.slice(1) || "postgres" : "agent_factory";
  let roleUrl = (role: string) => {
    const url = new URL(given.database as string);
    url.username = role;
    url.password = rolePassword(secrets.database, role);
    return url.href;
  };
  let ownerUrl = given.database;
  let redisUrl = given.redis;
  await progress.step("PostgreSQL and Redis", async (detail) => {
    if (given.database) await ensureRoles(given.database, secrets.database);
    else {
      const place = { dataDir: join(dataDir, "postgres"), logFile: log("postgres") };
      const postgres = await startPostgres({ ...place, port: ports.PostgreSQL, secret: secrets.database });
      opened.push(postgres.stop);
      await ensureDatabase(postgres, databaseName);
      roleUrl = (role) => postgres.url(role, databaseName);
      ownerUrl = roleUrl("af_owner");
    }
    if (!redisUrl) {
      const place = { dataDir: join(dataDir, "redis"), logFile: log("redis") };
      const redis = await startRedis({ ...place, port: ports.Redis, secret: secrets.redis });
      opened.push(redis.stop);
      redisUrl = redis.url();
    }
    detail([given.database ? "your PostgreSQL" : "", given.redis ? "your Redis" : ""].filter(Boolean).join(", "));
  });
  await progress.step("Database schema", async (detail) => {
    const { applied } = await runMigrations({ ownerUrl: ownerUrl as string });
    detail(applied.length > 0 ? `${applied.length} migration${applied.length > 1 ? "s" : ""} applied` : "");
  });

  const urls = {
    console: `http://127.0.0.1:${ports.console}`,
    bff: `http://127.0.0.1:${ports.registry}`,
    identity: `http://127.0.0.1:${ports["identity provider"]}`,
  };
  const state = (name: string) => join(dataDir, "state", name);
  mkdirSync(join(dataDir, "state"), { recursive: true, mode: 0o755 });
  const common = { ...baseEnv(), OIDC_ISSUER: urls.identity, OIDC_CLIENT_SECRET: secrets.oidcClient, CONSOLE_URL: urls.console };
  const program = (
    name: string,
    spec: Omit<SupervisedSpec, "name" | "logFile" | "recordFile" | "readyTimeoutMs" | "signal" | "onEnd">,
  ): SupervisedSpec => ({
    ...spec,
    name,
    logFile: log(name),
    recordFile: join(dataDir, "run", `${name}.process.json`),
    readyTimeoutMs: 90_000,
    ...(options.signal ? { signal: options.signal } : {}),
    onEnd: options.onEnd,
  });
  const node = (entry: string) => ({
    command: process.execPath,
    args: mode === "dev" ? ["--watch", "--watch-preserve-output", entry] : [entry],
    cwd: root,
  });
  const next = join(root, "node_modules/next/dist/bin/next");
  const programs: { [name: string]: Supervised } = {};
  const run = async (spec: SupervisedSpec) => {
    const started = await supervise(spec);
    programs[spec.name] = started;
    opened.push(started.stop);
  };

  await progress.step("Registry, sign-in and console", async () => {
    const results = await Promise.allSettled([
      run(
        program("identity", {
          ...node("apps/identity/src/main.ts"),
          env: {
            ...common,
            IDENTITY_PORT: String(ports["identity provider"]),
            IDENTITY_ISSUER: urls.identity,
            STATE_DIR: state("identity"),
            ...options.env?.identity,
          },
          ready: () => answers(`${urls.identity}/readyz`),
        }),
      ),
      run(
        program("registry", {
          ...node("apps/bff/src/main.ts"),
          env: {
            ...common,
            DATABASE_URL_TENANT: roleUrl("af_tenant"),
            DATABASE_URL_SYSTEM: roleUrl("af_system"),
            REDIS_URL: redisUrl as string,
            BLOB_DIR: join(dataDir, "blobs"),
            STATE_DIR: state("bff"),
            BFF_PORT: String(ports.registry),
            GATEWAY_PORT: String(ports["host gateway"]),
            METRICS_PORT: String(ports["registry metrics"]),
            DEMO: "1",
            ...options.env?.bff,
          },
          ready: () => answers(`${urls.bff}/readyz`),
        }),
      ),
      run(
        program("console", {
          command: process.execPath,
          args: [next, mode === "dev" ? "dev" : "start", "--port", String(ports.console), "--hostname", "127.0.0.1"],
          cwd: join(root, "apps/console"),
          env: {
            ...common,
            BFF_URL: urls.bff,
            REGISTRY_URL: urls.bff,
            OIDC_CLIENT_ID: "console",
            NEXTAUTH_URL: urls.console,
            NEXTAUTH_SECRET: secrets.nextAuth,
            ...options.env?.console,
          },
          ready: () => answers(`${urls.console}/api/auth/providers`, 500),
        }),
      ),
    ]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  });

  let hostProblem: string | null = null;
  await progress.step("Local host", async (detail) => {
    try {
      await run(
        program("host", {
          ...node("apps/runtime-agent/src/main.ts"),
          env: {
            ...common,
            GATEWAY_URL: `https://localhost:${ports["host gateway"]}`,
            JOIN_TOKEN_FILE: join(state("bff"), "local-join-token"),
            STATE_DIR: state("agent"),
            HEALTH_PORT: String(ports["host health"]),
            SANDBOX: sandbox,
            ...(sandbox === "process" ? { SANDBOX_UNPROVEN: "serve" } : {}),
            ...options.env?.agent,
          },
          ready: () => answers(`http://127.0.0.1:${ports["host health"]}/readyz`),
        }),
      );
      detail(sandbox === "bubblewrap" ? "sandbox proven" : "without a sandbox: not for untrusted code");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      hostProblem = `${lastWords(log("host"), 3)}\nIts whole log: ${log("host")}\nSANDBOX_UNPROVEN=serve npm start  accepts a sandbox that proves less.`;
      detail("does not serve");
    }
  });
  return { urls, programs, hostProblem, stop };
}

/** What every program gets of the starter's environment: enough to run, nothing that would change what it does by accident. */
function baseEnv(): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LOG_LEVEL",
    "SLOTS",
    "WARM_TARGET",
    "SANDBOX_UNPROVEN",
    "NODE_EXTRA_CA_CERTS",
  ];
  const kept = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string] as const]));
  return { ...Object.fromEntries(kept), TZ: "UTC", NEXT_TELEMETRY_DISABLED: "1" };
}

/** Made on the first start, mode 0600. Whoever deletes this file alone loses access to the database beside it. */
function loadSecrets(dataDir: string): Secrets {
  const file = join(dataDir, "secrets.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const secret = () => randomBytes(32).toString("base64url");
  const secrets: Secrets = { database: secret(), redis: secret(), oidcClient: secret(), nextAuth: secret() };
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/**
 * One starter a data directory. A lock of a process that is gone is stale: then what that starter left running is ended, known by
 * its records and never by name or port.
 */
async function takeLock(dataDir: string, progress: Progress): Promise<void> {
  const lock = join(dataDir, "start.json");
  const holder = readRecord(lock);
  if (holder && holder.started !== null && processStart(holder.pid) === holder.started) {
    throw new Problem(
      `It already runs (process ${holder.pid}) with the data in ${dataDir}.\nStop it with Ctrl-C in its terminal, or:  kill ${holder.pid}`,
    );
  }
  rmSync(lock, { force: true });
  const left = await endLeftovers(dataDir);
  if (left.length > 0) progress.note(`Stopped what an earlier start had left behind: ${left.join(", ")}`);
  writeFileSync(lock, JSON.stringify({ name: "npm start", pid: process.pid, started: processStart(process.pid) }), { flag: "wx" });
}

/** Ends recorded programs first and servers last; returns their names. */
export async function endLeftovers(dataDir: string): Promise<string[]> {
  const runDir = join(dataDir, "run");
  const records = existsSync(runDir) ? readdirSync(runDir).map((name) => join(runDir, name)) : [];
  const left: string[] = [];
  for (const record of [...records.reverse(), join(dataDir, "redis.process.json"), join(dataDir, "postgres.process.json")]) {
    const ended = await endRecorded(record);
    if (ended) left.push(ended);
  }
  return left;
}

/** The process that runs the product on this data directory, if one does. */
export function runningStarter(dataDir: string): number | null {
  const holder = readRecord(join(dataDir, "start.json"));
  return holder && holder.started !== null && processStart(holder.pid) === holder.started ? holder.pid : null;
}

/** Moves the data aside, beside itself, named by the time; returns where it went, or null when there was none. */
export function moveDataAside(dataDir: string): string | null {
  if (!existsSync(dataDir)) return null;
  const aside = join(dirname(dataDir), ".data.old", new Date().toISOString().replace(/[:.]/g, "-"));
  mkdirSync(dirname(aside), { recursive: true });
  renameSync(dataDir, aside);
  return aside;
}
