import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { cloneDatabase } from "@agent-factory/testkit/database";
import pg from "pg";
import { expect, test } from "vitest";
import { MIGRATIONS_DIR, runMigrations } from "./migrations.ts";

/** An empty database (no migrations yet) and a directory of migrations to apply to it. */
async function openEmpty() {
  const base = await cloneDatabase();
  const directory = await mkdtemp(path.join(tmpdir(), "migrations-"));
  const client = new pg.Client({ connectionString: base.ownerUrl });
  await client.connect();
  // A schema of its own stands for an empty database: the runner uses whatever the search path names.
  const schema = `s${randomBytes(4).toString("hex")}`;
  await client.query(`create schema ${schema}; alter role current_user in database ${base.name} set search_path = ${schema}`);
  await client.end();
  const query = async (sql: string) => {
    const session = new pg.Client({ connectionString: base.ownerUrl });
    await session.connect();
    try {
      return (await session.query(sql)).rows;
    } finally {
      await session.end();
    }
  };
  return {
    ownerUrl: base.ownerUrl,
    directory,
    query,
    write: async (name: string, sql: string) => {
      await mkdir(path.join(directory, name), { recursive: true });
      await writeFile(path.join(directory, name, "migration.sql"), sql);
    },
    [Symbol.asyncDispose]: async () => {
      await base.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

test("migrations are applied in order, once, and runners that start together do not collide", async () => {
  await using t = await openEmpty();
  await t.write("1_one", "create table steps (name text); insert into steps values ('one')");
  await t.write("2_two", "insert into steps values ('two'); select pg_sleep(0.1)");
  const runs = await Promise.all([1, 2, 3].map(() => runMigrations(t)));
  expect(runs.map((run) => run.applied).toSorted((a, b) => b.length - a.length)).toEqual([["1_one", "2_two"], [], []]);
  expect(await t.query("select name from steps")).toEqual([{ name: "one" }, { name: "two" }]);
  await t.write("3_three", "insert into steps values ('three')");
  expect(await runMigrations(t)).toEqual({ applied: ["3_three"] });
});

test("an edited migration is refused before anything is applied", async () => {
  await using t = await openEmpty();
  await t.write("1_one", "create table steps (name text)");
  await runMigrations(t);
  await t.write("1_one", "create table steps (name text, more text)");
  await t.write("2_two", "insert into steps values ('two')");
  await expect(runMigrations(t)).rejects.toThrow(/1_one was edited/);
  expect(await t.query("select * from steps")).toEqual([]);
});

test("a migration that the release does not know is refused", async () => {
  await using t = await openEmpty();
  await t.write("1_one", "select 1");
  await runMigrations(t);
  await rm(path.join(t.directory, "1_one"), { recursive: true });
  await expect(runMigrations(t)).rejects.toThrow(/does not/);
});

test("a migration that fails is rolled back as a whole, is not recorded, and succeeds once mended", async () => {
  await using t = await openEmpty();
  await t.write("1_one", "create table steps (name text); insert into steps values ('one'); select 1 / 0");
  await expect(runMigrations(t)).rejects.toThrow(/1_one failed and was rolled back: division by zero/);
  expect(await t.query("select to_regclass('steps') as found")).toEqual([{ found: null }]);
  await t.write("1_one", "create table steps (name text)");
  expect(await runMigrations(t)).toEqual({ applied: ["1_one"] });
});

test("a migration that another tool left unfinished stops the start", async () => {
  await using t = await openEmpty();
  await t.write("1_one", "select 1");
  await runMigrations(t);
  await t.query("update _prisma_migrations set finished_at = null");
  await expect(runMigrations(t)).rejects.toThrow(/failed before/);
});

/** Applies what came before this migration, as the database of an earlier release has it. Returns how to apply it too. */
async function upgradeFrom(t: Awaited<ReturnType<typeof openEmpty>>, upgrade: string): Promise<() => Promise<unknown>> {
  const take = (name: string) => cp(path.join(MIGRATIONS_DIR, name), path.join(t.directory, name), { recursive: true });
  for (const name of await readdir(MIGRATIONS_DIR)) if (name < upgrade && /^\d/.test(name)) await take(name);
  await runMigrations(t);
  return async () => {
    await take(upgrade);
    await runMigrations(t);
  };
}

test("reports of hosts that were counted by number stay counted as ranges after the upgrade", async () => {
  await using t = await openEmpty();
  const upgrade = await upgradeFrom(t, "20261125161124_reports_are_ranges");
  const [one, other] = ["0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"];
  const rows = [0, 1, 2, 5].map((seq) => `('${one}', '${one}', ${seq}, '2026-11-25T10:0${seq}:00Z')`);
  await t.query(`alter table usage_batches no force row level security;
    insert into usage_batches (host_id, epoch, seq, received_at) values ${rows.join(", ")}, ('${other}', '${one}', 7, '2026-11-25T10:00:00Z');
    alter table usage_batches force row level security`);
  await upgrade();
  await t.query("alter table usage_epochs no force row level security");
  expect(await t.query(`select host_id as host, counted::text, received_at as "receivedAt" from usage_epochs order by 1`)).toEqual([
    { host: one, counted: "{[0,3),[5,6)}", receivedAt: new Date("2026-11-25T10:05:00Z") },
    { host: other, counted: "{[7,8)}", receivedAt: new Date("2026-11-25T10:00:00Z") },
  ]);
});

test("whoever brought code before uploads were on record is on record after the upgrade", async () => {
  await using t = await openEmpty();
  const upgrade = await upgradeFrom(t, "20261125040000_rollouts_and_usage");
  const [acme, globex] = ["0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"];
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
  const entries = [
    [acme, "ann", "archives.upload", digest("a"), "allowed"],
    [acme, "ann", "archives.upload", digest("a"), "allowed"],
    [acme, "ben", "archives.upload", digest("a"), "allowed"],
    [acme, "cid", "archives.upload", digest("b"), "denied"],
    [acme, "dan", "archives.upload", "new", "allowed"],
    [acme, "eve", "templates.create", digest("c"), "allowed"],
    [globex, "gil", "archives.upload", digest("a"), "allowed"],
  ];
  const values = entries.map(
    ([tenant, who, action, resource, outcome]) =>
      `('${tenant}', 'user', '${who}', '${who}', '${action}', 'archive', '${resource}', '${outcome}')`,
  );
  const owned = (sql: string, table: string) =>
    t.query(`alter table ${table} no force row level security; ${sql}; alter table ${table} force row level security`);
  await owned(`insert into tenants (id, slug, name) values ('${acme}', 'acme', 'Acme'), ('${globex}', 'globex', 'Globex')`, "tenants");
  const columns = "tenant_id, actor_kind, actor_id, actor_name, action, resource_kind, resource_id, outcome";
  await owned(`insert into audit_entries (${columns}) values ${values.join(", ")}`, "audit_entries");
  await owned(`insert into archive_uploads (tenant_id, digest, uploader) values ('${acme}', '${digest("a")}', 'ben')`, "archive_uploads");
  await upgrade();
  await t.query("alter table archive_uploads no force row level security");
  expect(await t.query("select tenant_id as tenant, digest, uploader from archive_uploads order by uploader")).toEqual([
    { tenant: acme, digest: digest("a"), uploader: "ann" },
    { tenant: acme, digest: digest("a"), uploader: "ben" },
    { tenant: globex, digest: digest("a"), uploader: "gil" },
  ]);
  expect(await t.query("select relforcerowsecurity as forced from pg_class where oid = 'audit_entries'::regclass")).toEqual([
    { forced: true },
  ]);
});
