import { Redis } from "ioredis";
import pg from "pg";
import { expect, test } from "vitest";
import { cloneDatabase } from "./database.ts";
import { testRedisUrl } from "./redis.ts";

async function query<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("two tests have two databases", async () => {
  await using one = await cloneDatabase();
  await using two = await cloneDatabase();
  await query(one.ownerUrl, "create table here(x int)");
  const seen = await query(two.ownerUrl, "select to_regclass('here') as here");
  expect(seen).toEqual([{ here: null }]);
});

test("the working roles are no superusers and cannot bypass row-level security", async () => {
  await using db = await cloneDatabase();
  for (const [url, role] of [
    [db.tenantUrl, "af_tenant"],
    [db.systemUrl, "af_system"],
  ] as const) {
    const rows = await query(url, "select current_user::text as role, rolsuper, rolbypassrls from pg_roles where rolname = current_user");
    expect(rows).toEqual([{ role, rolsuper: false, rolbypassrls: false }]);
  }
});

test("a connection that a test leaves open fails the test", async () => {
  const db = await cloneDatabase();
  const forgotten = new pg.Client({ connectionString: db.tenantUrl });
  forgotten.on("error", () => {});
  await forgotten.connect();
  await expect(db.drop()).rejects.toThrow(/connections were left open: af_tenant/);
});

test("two Redis databases do not see each other", async () => {
  const [one, two] = [new Redis(testRedisUrl()), new Redis(testRedisUrl())];
  try {
    await one.set("key", "1");
    expect(await two.get("key")).toBeNull();
  } finally {
    one.disconnect();
    two.disconnect();
  }
});
