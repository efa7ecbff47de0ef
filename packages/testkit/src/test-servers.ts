import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endRecorded } from "./child-process.ts";
import { createTemplateDatabase } from "./database.ts";
import { startPostgres, temporaryBases, throwawayDir } from "./postgres.ts";
import { startRedis } from "./redis.ts";

/**
 * One PostgreSQL and one Redis for a whole test run, announced to the workers by TEST_POSTGRES_ADMIN_URL, TEST_POSTGRES_SECRET and
 * TEST_REDIS_URL. Whatever a killed earlier run left behind is ended and removed first. Returns how to stop everything.
 */
export async function startTestServers(migrate: (ownerUrl: string) => Promise<unknown>): Promise<() => Promise<void>> {
  await sweep();
  const dir = throwawayDir("test");
  const secret = randomBytes(16).toString("hex");
  const opened: (() => Promise<void>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  };
  try {
    const postgres = await startPostgres({ dataDir: join(dir, "postgres"), secret, durable: false });
    opened.push(postgres.stop);
    const redis = await startRedis({ dataDir: join(dir, "redis") });
    opened.push(redis.stop);
    process.env["TEST_POSTGRES_ADMIN_URL"] = postgres.url("postgres", "postgres");
    process.env["TEST_POSTGRES_SECRET"] = secret;
    process.env["TEST_REDIS_URL"] = redis.url();
    await createTemplateDatabase(migrate);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Directories are named after the process that made them: when it is gone, what it started goes too. */
async function sweep(): Promise<void> {
  for (const base of temporaryBases()) {
    for (const name of existsSync(base) ? readdirSync(base) : []) {
      const owner = /^(?:test|e2e|migration|bench-[a-z-]+)-(\d+)-/.exec(name)?.[1];
      if (owner === undefined || isAlive(Number(owner))) continue;
      const dir = join(base, name);
      // A product keeps the records of its programs apart from those of its servers; programs end first.
      for (const place of [join(dir, "run"), dir]) {
        for (const file of existsSync(place) ? readdirSync(place) : []) {
          if (file.endsWith(".process.json")) await endRecorded(join(place, file));
        }
      }
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
