import { randomBytes } from "node:crypto";
import pg from "pg";
import { type REGISTRY_ROLES, rolePassword } from "./postgres.ts";

/** The migrated database that tests are cloned from. Nobody may connect to it, so that it can always be copied. */
export const TEMPLATE_DATABASE = "af_template";

export type TestDatabase = AsyncDisposable & {
  readonly name: string;
  readonly ownerUrl: string;
  readonly tenantUrl: string;
  readonly systemUrl: string;
  drop(): Promise<void>;
};

function adminUrl(): URL {
  const url = process.env["TEST_POSTGRES_ADMIN_URL"];
  if (!url) throw new Error("TEST_POSTGRES_ADMIN_URL is not set: run the test in the project `db` of vitest");
  return new URL(url);
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl().href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server and database as another role; the secret that passwords follow from comes with the test run. */
function urlFor(role: (typeof REGISTRY_ROLES)[number], database: string): string {
  const url = adminUrl();
  url.username = role;
  url.password = rolePassword(process.env["TEST_POSTGRES_SECRET"] ?? "test", role);
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * A database of its own for one test, copied from the migrated template in some tens of milliseconds: file by file, which nothing has to
 * be logged for.
 *
 *     await using db = await cloneDatabase();
 *
 * Dropping it fails the test when a connection is still open: whoever opened a pool must close it.
 */
export async function cloneDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(5).toString("hex")}`;
  await asAdmin((client) => client.query(`create database ${name} owner af_owner template ${TEMPLATE_DATABASE} strategy file_copy`));
  let dropped: Promise<void> | undefined;
  const drop = () => {
    dropped ??= asAdmin((client) => dropDatabase(client, name));
    return dropped;
  };
  return {
    name,
    ownerUrl: urlFor("af_owner", name),
    tenantUrl: urlFor("af_tenant", name),
    systemUrl: urlFor("af_system", name),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  const open = `select usename, left(query, 80) as query from pg_stat_activity where datname = $1`;
  // a client that just ended may still be leaving: give the server a moment before calling it a leak
  let left = (await client.query<{ usename: string; query: string }>(open, [name])).rows;
  for (let tries = 0; left.length > 0 && tries < 50; tries += 1) {
    await client.query("select pg_sleep(0.02)");
    left = (await client.query<{ usename: string; query: string }>(open, [name])).rows;
  }
  await client.query(`drop database if exists ${name} with (force)`);
  if (left.length > 0) throw new Error(`connections were left open: ${left.map((one) => `${one.usename} (${one.query})`).join(", ")}`);
}

/** Makes the template: `migrate` gets the owner's connection string of the new, empty database. */
export async function createTemplateDatabase(migrate: (ownerUrl: string) => Promise<unknown>): Promise<void> {
  await asAdmin((client) => client.query(`create database ${TEMPLATE_DATABASE} owner af_owner`));
  await migrate(urlFor("af_owner", TEMPLATE_DATABASE));
  await asAdmin((client) => client.query(`alter database ${TEMPLATE_DATABASE} with allow_connections false is_template true`));
}
