/**
 * Applies `prisma/migrations` at start-up, over plain `pg`, keeping Prisma's own `_prisma_migrations` table so that its tools
 * see the same history. Runners are serialised by an advisory lock; a migration whose text changed after it was applied, one
 * that failed before, and one the directory no longer has are refused (fail-closed: nothing is applied).
 */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";

/** Any number all our runners share; the lock lives on the database, so clones do not wait for each other. */
const LOCK = 4_120_071;

const TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

export const MIGRATIONS_DIR = path.resolve(import.meta.dirname, "../../../../prisma/migrations");

/**
 * Brings the database of `ownerUrl` up to date.
 * @returns names of the migrations applied now, in order.
 * @throws Error when the history is edited, failed or unknown, or when a migration fails (rolled back as a whole).
 */
export async function runMigrations({
  ownerUrl,
  directory = MIGRATIONS_DIR,
}: {
  ownerUrl: string;
  directory?: string;
}): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(directory);
  const client = new pg.Client({ connectionString: ownerUrl, options: "-c TimeZone=UTC" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query(TABLE);
    const { rows: history } = await client.query<{ migration_name: string; checksum: string; finished: boolean }>(
      "select migration_name, checksum, finished_at is not null as finished from _prisma_migrations where rolled_back_at is null order by started_at",
    );
    refuseBadHistory(migrations, history);
    const known = new Set(history.map((row) => row.migration_name));
    const applied: string[] = [];
    for (const migration of migrations) {
      if (known.has(migration.name)) continue;
      await apply(client, migration);
      applied.push(migration.name);
    }
    return { applied };
  } finally {
    // Ending the session gives the advisory lock back, whatever happened.
    await client.end();
  }
}

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(path.join(directory, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

function refuseBadHistory(
  migrations: readonly Migration[],
  history: readonly { migration_name: string; checksum: string; finished: boolean }[],
): void {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of history) {
    if (!row.finished) throw new Error(`Migration ${row.migration_name} failed before and was not resolved; nothing was applied`);
    const migration = byName.get(row.migration_name);
    if (!migration) throw new Error(`The database knows migration ${row.migration_name}, this release does not; nothing was applied`);
    if (migration.checksum !== row.checksum)
      throw new Error(`Migration ${row.migration_name} was edited after it was applied; nothing was applied`);
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query(
      "insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) values ($1, $2, $3, now(), clock_timestamp(), 1)",
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    throw new Error(`Migration ${migration.name} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
