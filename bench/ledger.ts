/** PostgreSQL with the registry's schema, every commit on disk: what benchmarks of the registry stand on. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDatabase, type PostgresServer, startPostgres, temporaryDir } from "@agent-factory/testkit/postgres";
import { runMigrations } from "../apps/bff/src/platform/migrations.ts";

const DATABASE = "ledger";

export type Ledger = {
  /** Of this benchmark alone; gone when it closes. */
  readonly dir: string;
  readonly postgres: PostgresServer;
  /** The registry's database, by role; `postgres` is the superuser, whom row-level security does not bind. */
  url(role: "postgres" | "af_tenant" | "af_system" | "af_owner"): string;
  /** What is opened on the ledger is closed before it, last first; also when something that follows cannot be opened. */
  opened(close: () => Promise<unknown>): void;
};

/** Builds what a benchmark measures on a ledger of its own; `close` takes down all of it. */
export async function onLedger<Built extends object>(
  name: string,
  build: (ledger: Ledger) => Promise<Built>,
): Promise<Built & { close(): Promise<void> }> {
  const dir = temporaryDir(`bench-${name}`);
  const closing: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const close = async () => {
    for (let next = closing.pop(); next; next = closing.pop()) await next();
  };
  try {
    const postgres = await startPostgres({ dataDir: join(dir, "postgres"), durable: true });
    closing.push(postgres.stop);
    await ensureDatabase(postgres, DATABASE);
    const url = (role: string) => postgres.url(role, DATABASE);
    await runMigrations({ ownerUrl: url("af_owner") });
    return { ...(await build({ dir, postgres, url, opened: (one) => void closing.push(one) })), close };
  } catch (error) {
    await close();
    throw error;
  }
}
