import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Redis } from "ioredis";
import { endRecorded, freePort, startChild, until } from "./child-process.ts";

export type RedisServer = { readonly port: number; url(): string; stop(): Promise<void> };

/** The path of redis-server or valkey-server; null when neither is installed. */
export function findRedis(): string | null {
  return ["redis-server", "valkey-server"].find((command) => spawnSync(command, ["--version"]).status === 0) ?? null;
}

/**
 * Starts Redis from the PATH on 127.0.0.1, with nothing written to disk: it carries doorbells, streams and caches, all of which may
 * be lost. With a `secret`, clients need it as password.
 */
export async function startRedis(options: { dataDir: string; port?: number; secret?: string; logFile?: string }): Promise<RedisServer> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const command = findRedis();
  if (command === null)
    throw new Error("redis-server is not installed: install it (apt install redis-server, brew install redis), or set REDIS_URL");
  const recordFile = `${dataDir}.process.json`;
  const logFile = options.logFile ?? `${dataDir}.log`;
  await endRecorded(recordFile);
  const port = options.port ?? (await freePort());
  const settings = [
    "--bind",
    "127.0.0.1",
    "--port",
    String(port),
    "--dir",
    dataDir,
    "--save",
    "",
    "--appendonly",
    "no",
    "--databases",
    "1024",
  ];
  const child = await startChild({
    name: "redis",
    command,
    args: options.secret ? [...settings, "--requirepass", options.secret] : settings,
    cwd: dataDir,
    logFile,
    recordFile,
  });
  const url = () => `redis://${options.secret ? `:${options.secret}@` : ""}127.0.0.1:${port}/0`;
  try {
    await until("Redis", () => answers(url()), {
      timeoutMs: 15_000,
      failed: () => (child.running() ? null : `ended at start: ${readFileSync(logFile, "utf8").trim().split("\n").slice(-2).join(" | ")}`),
    });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { port, url, stop: () => child.stop() };
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.ping()) === "PONG";
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

let next = Number(process.env["VITEST_POOL_ID"] ?? "0") * 64;

/**
 * The Redis of this test run (`TEST_REDIS_URL`), at a database number that no other test of this worker uses. Pub/sub channels
 * ignore database numbers: tests that publish must use ids of their own in channel names.
 */
export function testRedisUrl(): string {
  const base = process.env["TEST_REDIS_URL"];
  if (!base) throw new Error("TEST_REDIS_URL is not set: run the test in the project `db` of vitest");
  const url = new URL(base);
  next = (next + 1) % 1024;
  url.pathname = `/${next}`;
  return url.href;
}
