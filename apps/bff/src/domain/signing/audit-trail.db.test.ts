import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { systemActor } from "../actor.ts";
import { createAuditTrail } from "./audit-trail.ts";
import { holdTrail } from "./audit-trail-store.ts";
import { openTestLog, requireWholeTree } from "./test-log.ts";
import type { SequencerOrder } from "./test-sequencer.ts";
import { openTestSigning, publication, signer, type TestSigning } from "./test-signing.ts";
import { checkWholeTrail } from "./trail-check.ts";

const loop = systemActor("audit-sequencer");

async function sequenceAll(t: TestSigning): Promise<number> {
  let moved = 0;
  for (let turn = 1; turn > 0; moved += turn) turn = await t.signing.sequenceAudit(loop);
  return moved;
}

/** Past every trigger and grant: what a superuser can do. */
async function tamper(t: TestSigning, sql: string, values: readonly unknown[] = []): Promise<void> {
  const url = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
  url.pathname = `/${t.kernel.db.name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query("set session_replication_role = replica");
    await client.query(sql, [...values]);
  } finally {
    await client.end();
  }
}

const counts = async (t: TestSigning) =>
  (
    await t.kernel.fastDatabase.asSystem((tx) =>
      tx.query<{ entries: number; leaves: number; places: number; pending: number }>(
        `select (select count(*)::int from audit_entries) as entries, (select count(*)::int from audit_leaves) as leaves,
           (select count(*)::int from log_entries where kind = 'audit') as places, (select count(*)::int from audit_pending) as pending`,
      ),
    )
  ).rows[0];

test("every audit entry gets one place in the log of the signatures, and the sequencer adds none of its own", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await t.signing.attest(signer(acme), publication(acme));
  const before = (await counts(t))?.entries ?? 0;
  expect(before).toBeGreaterThan(10);
  expect(await sequenceAll(t)).toBe(before);
  expect(await t.signing.sequenceAudit(loop)).toBe(0);
  expect(await counts(t)).toEqual({ entries: before, leaves: before, places: before, pending: 0 });
  const { size, bodies } = await requireWholeTree(t.kernel.fastDatabase);
  expect(size).toBe(before + 1);
  // Nothing of what an entry says is in the log.
  expect(bodies.at(-1)).toMatch(/^\{"apiVersion":"0\.0\.1","kind":"agentfactory\.audit","spec":\{"entryHash":"[0-9a-f]{64}"\}\}$/);
  const report = await t.signing.verifyTrail(acme.as("manager"), {});
  expect(report).toMatchObject({ waiting: 0, first: null, unclaimed: 0 });
  const { rows } = await t.kernel.fastDatabase.inTenant(acme.id, (tx) =>
    tx.query<{ n: number }>("select count(*)::int as n from audit_entries"),
  );
  expect(report.checked).toBe(rows[0]?.n);
});

test("an entry that a superuser altered is found and named, whatever column it was", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  for (const semver of ["1.0.0", "1.0.1", "1.0.2"]) await t.signing.attest(signer(acme), publication(acme, semver));
  await sequenceAll(t);
  const { rows } = await t.kernel.fastDatabase.inTenant(acme.id, (tx) =>
    tx.query<{ id: number; at: Date }>("select id, at from audit_entries where action = 'signing.sign' order by id"),
  );
  const [first, second] = rows as [{ id: number; at: Date }, { id: number; at: Date }];
  for (const change of [
    "actor_name = 'nobody'",
    "outcome = 'denied'",
    "at = at + interval '1 hour'",
    "after = '{}'",
    "reason = ''",
    "trace_id = 'x'",
  ]) {
    await tamper(t, "create table kept as select * from audit_entries where id = $1".replace("$1", String(second.id)));
    await tamper(t, `update audit_entries set ${change} where id = $1`, [second.id]);
    expect((await t.signing.verifyTrail(acme.as("admin"), {})).first).toEqual({ entryId: String(second.id), problem: "altered" });
    await tamper(t, "delete from audit_entries where id = $1", [second.id]);
    expect((await t.signing.verifyTrail(acme.as("admin"), {})).first).toEqual({ entryId: String(second.id), problem: "missing" });
    await tamper(t, "insert into audit_entries select * from kept");
    await tamper(t, "drop table kept");
  }
  expect((await t.signing.verifyTrail(acme.as("admin"), {})).first).toBeNull();
  await tamper(t, "update audit_entries set actor_name = 'nobody' where id = any ($1)", [[first.id, second.id]]);
  expect((await t.signing.verifyTrail(acme.as("admin"), {})).first?.entryId).toBe(String(first.id));
  // An interval that begins after it asks of the later ones only; another tenant's trail is untouched.
  const after = { from: new Date(first.at.getTime() + 1) };
  expect((await t.signing.verifyTrail(acme.as("admin"), after)).first?.entryId).toBe(String(second.id));
  expect((await t.signing.verifyTrail(globex.as("admin"), {})).first).toBeNull();
  await expect(t.signing.verifyTrail(acme.as("editor"), {})).rejects.toMatchObject({ code: "access.denied" });
});

test("a long trail is checked stretch by stretch, and nothing is missed where one ends and the next begins", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const log = await openTestLog({ fastDatabase: t.kernel.fastDatabase, stateDir: t.parts.stateDir, clock: t.clock });
  const { access, fastDatabase } = t.kernel;
  const trail = createAuditTrail({ access, fastDatabase, log, checkedAtOnce: 3 });
  await sequenceAll(t);
  const { rows } = await fastDatabase.inTenant(acme.id, (tx) => tx.query<{ id: number }>("select id from audit_entries order by id"));
  const stretches = async () => {
    const reports = [await trail.verifyTrail(acme.as("admin"), {})];
    for (let last = reports[0]; last?.nextCursor; reports.push(last)) {
      last = await trail.verifyTrail(acme.as("admin"), { cursor: last.nextCursor });
    }
    return reports;
  };
  const whole = await stretches();
  expect(whole.length).toBe(Math.floor(rows.length / 3) + 1);
  expect(whole.map(({ checked }) => checked).reduce((sum, checked) => sum + checked, 0)).toBe(rows.length);
  expect(whole.map(({ unclaimed }) => unclaimed)).toEqual([...whole.slice(1).map(() => null), 0]);
  for (const { id } of rows) {
    await tamper(t, "create table kept as select * from audit_entries where id = $1".replace("$1", String(id)));
    await tamper(t, "delete from audit_entries where id = $1", [id]);
    expect((await stretches()).map(({ first }) => first).filter(Boolean), `entry ${id}`).toEqual([
      { entryId: String(id), problem: "missing" },
    ]);
    await tamper(t, "insert into audit_entries select * from kept");
    await tamper(t, "drop table kept");
  }
});

test("one check of a tenant's trail runs at a time; another tenant's is not held up", async () => {
  await using t = await openTestSigning();
  const { acme, globex } = t.kernel;
  await sequenceAll(t);
  await t.kernel.fastDatabase.inTenant(acme.id, async (tx) => {
    expect(await holdTrail(tx, acme.id)).toBe(true);
    await expect(t.signing.verifyTrail(acme.as("admin"), {})).rejects.toMatchObject({ kind: "limit", code: "signing.trail-busy" });
    expect(await t.signing.verifyTrail(globex.as("admin"), {})).toMatchObject({ first: null });
  });
  expect(await t.signing.verifyTrail(acme.as("admin"), {})).toMatchObject({ first: null });
});

test("what the platform did is verified like a tenant's trail, by whoever runs it; no tenant sees or counts it", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await sequenceAll(t);
  const whole = () => checkWholeTrail(t.kernel.fastDatabase, {});
  const own = () => t.signing.verifyTrail(acme.as("admin"), {});
  const { rows } = await t.kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ id: number; at: Date; all: number }>(
      `select id, at, (select count(*)::int from audit_entries) as all from audit_entries
        where tenant_id is null and action = 'tenants.create' order by id`,
    ),
  );
  const [first] = rows as [{ id: number; at: Date; all: number }];
  const tenants = await own();
  expect(await whole()).toMatchObject({ checked: first.all, waiting: 0, first: null, unclaimed: 0 });
  expect(tenants.checked).toBeLessThan(first.all);
  await tamper(t, "create table kept as select * from audit_entries where tenant_id is null");
  await tamper(t, "update audit_entries set actor_name = 'nobody' where id = $1", [first.id]);
  expect((await whole()).first).toEqual({ entryId: String(first.id), problem: "altered" });
  expect(await own()).toEqual(tenants);
  const later = await checkWholeTrail(t.kernel.fastDatabase, { from: new Date(first.at.getTime() + 1) });
  expect(later).toMatchObject({ first: null });
  await tamper(t, "delete from audit_entries where id = $1", [first.id]);
  expect((await whole()).first).toEqual({ entryId: String(first.id), problem: "missing" });
  expect(await own()).toEqual(tenants);
  await tamper(t, "insert into audit_entries select * from kept where id = $1", [first.id]);
  expect((await whole()).first).toBeNull();
});

test("the platform's trail is checked from the command line: 0 when it stands, 1 with the entry that does not", async () => {
  await using t = await openTestSigning();
  await sequenceAll(t);
  const script = path.join(import.meta.dirname, "../../../../../scripts/verify-trail.ts");
  const run = async (args: readonly string[] = []) => {
    const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, DATABASE_URL_SYSTEM: t.kernel.db.systemUrl } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (said += bytes.toString("utf8")));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, said };
  };
  expect(await run()).toMatchObject({ code: 0, said: expect.stringMatching(/\d+ entries are as they were written/) });
  await tamper(t, "update audit_entries set outcome = 'denied' where id = (select min(id) from audit_entries where tenant_id is null)");
  expect(await run()).toMatchObject({ code: 1, said: expect.stringMatching(/entry \d+: altered/) });
  expect(await run(["yesterday"])).toMatchObject({ code: 2, said: expect.stringContaining("yesterday") });
}, 60_000);

test("altering the entry, its leaf and the tree above it does not help: the head is no longer what the log signed", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await t.signing.attest(signer(acme), publication(acme));
  await sequenceAll(t);
  await tamper(t, "update log_nodes set hash = sha256(hash) where level = 1");
  expect((await t.signing.verifyTrail(acme.as("admin"), {})).first).toMatchObject({ problem: "not-in-log" });
  await tamper(t, "update log_shards set root = sha256(root)");
  expect((await t.signing.verifyTrail(acme.as("admin"), {})).first).toMatchObject({ problem: "not-in-log" });
});

test("removing entries together with their places leaves leaves that nobody claims", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  await t.signing.rotate(acme.as("admin"));
  await sequenceAll(t);
  await tamper(t, "delete from audit_leaves where entry_id in (select id from audit_entries where action = 'signing.rotate')");
  await tamper(t, "delete from audit_entries where action = 'signing.rotate'");
  expect(await t.signing.verifyTrail(acme.as("admin"), {})).toMatchObject({ first: null, unclaimed: 1 });
});

test("sequencers that are killed at any step, and two at once, leave no entry without a place and none with two", async () => {
  await using t = await openTestSigning();
  const { acme } = t.kernel;
  const { tenantUrl, systemUrl } = t.kernel.db;
  const fill = async () => {
    await t.kernel.fastDatabase.inTenant(acme.id, (tx) =>
      tx.query(
        `insert into audit_entries (tenant_id, actor_kind, actor_id, actor_name, action, resource_kind, resource_id, outcome)
         select $1, 'system', 'system:test', 'test', 'test.done', 'test', n::text, 'allowed' from generate_series(1, 600) n`,
        [acme.id],
      ),
    );
  };
  const run = async (order: Pick<SequencerOrder, "killStep" | "killAt">) => {
    const given = JSON.stringify({ tenantUrl, systemUrl, stateDir: t.parts.stateDir, ...order });
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "test-sequencer.ts"), given], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return once(child, "close");
  };
  for (const killStep of ["before-lock", "after-insert", "before-commit", "after-commit"] as const) {
    await fill();
    expect(await run({ killStep, killAt: 2 })).toEqual([null, "SIGKILL"]);
    await requireWholeTree(t.kernel.fastDatabase);
    const now = await counts(t);
    expect(now?.leaves).toBe(now?.places);
    expect((now?.leaves ?? 0) + (now?.pending ?? 0)).toBe(now?.entries);
  }
  await fill();
  await Promise.all([run({}), run({}), sequenceAll(t)]);
  const now = await counts(t);
  expect(now).toMatchObject({ pending: 0, leaves: now?.entries, places: now?.entries });
  expect(await t.signing.verifyTrail(acme.as("admin"), {})).toMatchObject({ first: null, waiting: 0, unclaimed: 0 });
}, 60_000);
