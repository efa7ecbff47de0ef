import pg from "pg";
import { expect, test } from "vitest";
import { openTestKernel } from "../seed/test-kernel.ts";

type Column = { table: string; column: string; type: string; udt: string; required: boolean };

/** One value of every enumeration that a required column has. */
const ENUMS: Record<string, string> = {
  run_kind: "try",
  review_part: "approver",
  review_verdict: "approve",
  signing_key_state: "active",
};

/** One row for a tenant in any table, from its catalogue alone: a new table needs no new test. */
function anyRow(columns: readonly Column[], tenantId: string | null): { names: string[]; values: unknown[] } {
  const needed = columns.filter((column) => column.required || column.column === "tenant_id" || column.udt === "review_part");
  const anyValue = ({ column, type, udt }: Column): unknown => {
    if (column === "tenant_id") return tenantId;
    if (column === "digest" || column.endsWith("_digest")) return `sha256:${"0".repeat(64)}`;
    if (column === "outcome" && type === "text") return "allowed";
    if (type === "uuid") return crypto.randomUUID();
    if (type === "jsonb") return "{}";
    if (type === "ARRAY") return [];
    if (type === "boolean") return false;
    if (type.startsWith("timestamp")) return "2026-01-01T00:00:00Z";
    if (type === "bytea") return Buffer.alloc(1);
    if (type === "bigint" || type === "integer" || type === "double precision") return 1;
    if (udt in ENUMS) return ENUMS[udt];
    return `any-${column}`;
  };
  return { names: needed.map((column) => column.column), values: needed.map(anyValue) };
}

async function catalogue(client: pg.Client): Promise<Map<string, Column[]>> {
  const { rows } = await client.query<Column>(
    `select c.table_name as "table", c.column_name as "column", c.data_type as type, c.udt_name as udt,
            c.is_nullable = 'NO' and c.column_default is null as required
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by c.table_name, c.ordinal_position`,
  );
  return Map.groupBy(rows, (row) => row.table) as Map<string, Column[]>;
}

test("every table with a tenant has row-level security enabled and forced, and every other table is closed or public knowledge", async () => {
  await using kernel = await openTestKernel();
  const owner = new pg.Client({ connectionString: kernel.db.ownerUrl });
  await owner.connect();
  try {
    const unprotected = async () => {
      const { rows } = await owner.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
      );
      return rows.map((row) => row.name);
    };
    expect(await unprotected()).toEqual([]);
    // The check itself sees a table that somebody forgot.
    await owner.query("create table forgotten (tenant_id uuid)");
    expect(await unprotected()).toEqual(["forgotten"]);
    await owner.query("drop table forgotten");
    const { rows } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
          and not (c.relrowsecurity and c.relforcerowsecurity)
          and (has_any_column_privilege('af_tenant', c.oid, 'select, insert, update') or has_any_column_privilege('af_system', c.oid, 'select, insert, update'))`,
    );
    // The transparency log belongs to nobody and holds digests only; the queue and the keys of the platform are for loops alone.
    expect(rows.map(({ name }) => name).toSorted()).toEqual(["audit_pending", "log_entries", "log_nodes", "log_shards", "platform_keys"]);
    const { rows: writable } = await owner.query<{ name: string }>(
      `select c.relname as name from pg_class c where c.relname in ('audit_pending', 'log_entries', 'log_nodes', 'log_shards', 'platform_keys')
          and has_table_privilege('af_tenant', c.oid, 'insert, update, delete')`,
    );
    expect(writable).toEqual([]);
    const { rows: secrets } = await owner.query<{ may: boolean }>(
      `select has_column_privilege('af_tenant', 'log_shards', 'sealed_private_key', 'select')
           or has_any_column_privilege('af_tenant', 'platform_keys', 'select') or has_column_privilege('af_system', 'signing_keys', 'sealed_private_key', 'select') as may`,
    );
    expect(secrets).toEqual([{ may: false }]);
  } finally {
    await owner.end();
  }
});

test("in every table, a tenant sees no row of another, and can neither write there nor change or delete one", async () => {
  await using kernel = await openTestKernel();
  const owner = new pg.Client({ connectionString: kernel.db.ownerUrl });
  const admin = new pg.Client({ connectionString: adminOf(kernel.db.ownerUrl) });
  await Promise.all([owner.connect(), admin.connect()]);
  try {
    const tables = [...(await catalogue(owner))].filter(([, columns]) => columns.some((column) => column.column === "tenant_id"));
    // Where the rows below belong: outcomes lie in partitions of a month.
    await admin.query("select ensure_outcome_partitions('2026-01-01')");
    expect(tables.length).toBeGreaterThanOrEqual(15);
    // As superuser, constraints between tables aside: this test is about rows, not about their meaning.
    await admin.query("set session_replication_role = replica");
    for (const [table, columns] of tables) {
      const row = anyRow(columns, kernel.globex.id);
      await admin.query(insert(table, row.names), row.values);
    }
    const seen: string[] = [];
    const written: string[] = [];
    for (const [table, columns] of tables) {
      for (const sql of [
        `select 1 from ${table} where tenant_id = '${kernel.globex.id}'`,
        `update ${table} set tenant_id = '${kernel.acme.id}' where tenant_id = '${kernel.globex.id}'`,
        `update ${table} set tenant_id = tenant_id where tenant_id = '${kernel.globex.id}'`,
        `delete from ${table} where tenant_id = '${kernel.globex.id}'`,
      ]) {
        const touched = await kernel.fastDatabase
          .inTenant(kernel.acme.id, (tx) => tx.query(sql))
          .then(
            (result) => result.rowCount ?? 0,
            (error: Error) => (/permission denied/.test(error.message) ? 0 : Promise.reject(error)),
          );
        if (touched > 0) seen.push(sql);
      }
      const foreign = anyRow(columns, kernel.globex.id);
      const refused = await kernel.fastDatabase
        .inTenant(kernel.acme.id, (tx) => tx.query(insert(table, foreign.names), foreign.values))
        .then(
          () => "written",
          (error: Error) => error.message,
        );
      // A trigger that asks for the review first sees none of another tenant: it refuses before row-level security would.
      if (!/row-level security|permission denied|newest revision of an open review/.test(refused)) written.push(`${table}: ${refused}`);
    }
    expect(seen).toEqual([]);
    expect(written).toEqual([]);
    // The rows are there, and their own tenant sees what it may read: the zeros above mean isolation, not emptiness.
    const own = await kernel.fastDatabase.inTenant(kernel.globex.id, (tx) =>
      tx.query("select 1 from runs union all select 1 from templates union all select 1 from hosts"),
    );
    expect(own.rowCount).toBe(3);
  } finally {
    await Promise.all([owner.end(), admin.end()]);
  }
});

test("a tenant moves nobody's place in the queue, its own neither", async () => {
  await using kernel = await openTestKernel();
  const { acme, fastDatabase } = kernel;
  await fastDatabase.asSystem((tx) => tx.query("insert into tenant_queues (tenant_id, virtual_time) values ($1, 7)", [acme.id]));
  const tried = (sql: string) => fastDatabase.inTenant(acme.id, (tx) => tx.query(sql, [acme.id]));
  await expect(tried("update tenant_queues set virtual_time = 0 where tenant_id = $1")).rejects.toThrow("permission denied");
  await expect(tried("insert into tenant_queues (tenant_id, virtual_time) values ($1, 0) on conflict do nothing")).rejects.toThrow(
    "permission denied",
  );
  expect((await tried("select virtual_time from tenant_queues where tenant_id = $1")).rows).toEqual([{ virtual_time: 7 }]);
});

test("outside a tenant's transaction the tenant role sees nothing, and a pooled connection keeps no tenant", async () => {
  await using kernel = await openTestKernel();
  const client = new pg.Client({ connectionString: kernel.db.tenantUrl });
  await client.connect();
  try {
    const count = async () => (await client.query("select 1 from members")).rowCount;
    expect(await count()).toBe(0);
    await client.query(`begin; select set_config('app.tenant', '${kernel.acme.id}', true)`);
    expect(await count()).toBe(5);
    await client.query("commit");
    expect(await count()).toBe(0);
    expect((await client.query("select 1 from tenants")).rowCount).toBe(0);
  } finally {
    await client.end();
  }
});

test("a platform host is readable by the tenants it serves, and changed by none of them", async () => {
  await using kernel = await openTestKernel();
  await kernel.fastDatabase.asSystem(async (tx) => {
    await tx.query("insert into hosts (name, serves_all) values ('for-all', true)");
    await tx.query("insert into hosts (name, serves) values ('for-globex', array[$1::uuid])", [kernel.globex.id]);
  });
  const names = (tenantId: string) =>
    kernel.fastDatabase.inTenant(tenantId, async (tx) =>
      (await tx.query<{ name: string }>("select name from hosts order by name")).rows.map((row) => row.name),
    );
  expect(await names(kernel.acme.id)).toEqual(["for-all"]);
  expect(await names(kernel.globex.id)).toEqual(["for-all", "for-globex"]);
  const changed = await kernel.fastDatabase.inTenant(kernel.globex.id, (tx) => tx.query("update hosts set state = 'cordoned'"));
  expect(changed.rowCount).toBe(0);
});

test("published bytes, saved revisions and audit entries never change, not even for the owner", async () => {
  await using kernel = await openTestKernel();
  const admin = new pg.Client({ connectionString: adminOf(kernel.db.ownerUrl) });
  await admin.connect();
  try {
    await admin.query(
      `insert into templates (id, tenant_id, name, title, owner, created_by) values ('${ID}', '${kernel.acme.id}', 't', 't', 'o', 'c')`,
    );
    await admin.query(
      `insert into template_versions (tenant_id, template_id, semver, digest, source, published_by) values ('${kernel.acme.id}', '${ID}', '1.0.0', 'sha256:0', 'source', 'p')`,
    );
    await admin.query(
      `insert into drafts (id, tenant_id, template_id, title, source, created_by, updated_by, updated_by_name) values ('${ID}', '${kernel.acme.id}', '${ID}', 't', 's', 'c', 'c', 'c')`,
    );
    await admin.query(
      `insert into draft_revisions (tenant_id, draft_id, revision, source, saved_by) values ('${kernel.acme.id}', '${ID}', 1, 's', 'c')`,
    );
    for (const sql of [
      "update template_versions set source = 'other'",
      "update template_versions set digest = 'other'",
      "update template_versions set semver = '2.0.0'",
      "delete from template_versions",
      "update draft_revisions set source = 'other'",
      "delete from draft_revisions",
      "update audit_entries set outcome = 'denied'",
      "delete from audit_entries",
    ]) {
      await expect(admin.query(sql), sql).rejects.toThrow(/immutable/);
    }
    await expect(admin.query("update template_versions set state = 'revoked'")).resolves.toMatchObject({ rowCount: 1 });
  } finally {
    await admin.end();
  }
});

const ID = "018f0000-0000-7000-8000-000000000001";

function insert(table: string, names: readonly string[]): string {
  return `insert into ${table} (${names.join(", ")}) values (${names.map((_, index) => `$${index + 1}`).join(", ")})`;
}

/** The superuser of the test server on the same database. */
function adminOf(ownerUrl: string): string {
  const url = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
  url.pathname = new URL(ownerUrl).pathname;
  return url.href;
}
