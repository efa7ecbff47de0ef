import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import { openDatabase } from "../../platform/database.ts";
import { openFastDatabase } from "../../platform/fast-database.ts";
import { openTestKernel, type TestKernel } from "../../seed/test-kernel.ts";
import { type Actor, systemActor } from "../actor.ts";
import { createAudit } from "../audit/audit.ts";
import { createDecisions } from "../decisions/decisions.ts";
import { Failure } from "../failure.ts";
import { createTenants } from "../tenants/tenants.ts";
import { createAccess } from "./access.ts";

const save = (actor: Actor, id = "t1") => ({ actor, action: "templates.create" as const, resource: { kind: "template", id } });

const template = (actor: Actor, name: string) => ({
  tenantId: actor.tenantId as string,
  name,
  title: name,
  owner: "team",
  createdBy: actor.id,
});

async function trail(kernel: TestKernel, tenantId: string) {
  return kernel.fastDatabase.inTenant(tenantId, async (tx) => {
    const { rows } = await tx.query<{
      action: string;
      outcome: string;
      reason: string | null;
      resource: string;
      before: unknown;
      after: unknown;
      actor: string;
    }>(
      "select action, outcome, reason, resource_id as resource, before, after, actor_name as actor from audit_entries where actor_kind <> 'system' order by id",
    );
    return rows;
  });
}

test("what is performed is done and audited in one transaction, on both engines", async () => {
  await using kernel = await openTestKernel();
  const editor = kernel.acme.as("editor");
  const made = await kernel.access.perform(save(editor, "new"), async (tx, note) => {
    const row = await tx.template.create({ data: template(editor, "one") });
    note.resource(row.id);
    note.after({ name: "one" });
    return row.id;
  });
  await kernel.access.performFast(save(editor, "two"), async (tx, note) => {
    await tx.query("insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'two', 'two', 'team', $2)", [
      editor.tenantId,
      editor.id,
    ]);
    note.before({ name: null });
  });
  expect(await trail(kernel, kernel.acme.id)).toEqual([
    {
      action: "templates.create",
      outcome: "allowed",
      reason: null,
      resource: made,
      before: null,
      after: { name: "one" },
      actor: "Acme editor",
    },
    {
      action: "templates.create",
      outcome: "allowed",
      reason: null,
      resource: "two",
      before: { name: null },
      after: null,
      actor: "Acme editor",
    },
  ]);
});

test("work that fails leaves neither its change nor an audit entry", async () => {
  await using kernel = await openTestKernel();
  const editor = kernel.acme.as("editor");
  const failing = kernel.access.perform(save(editor), async (tx) => {
    await tx.template.create({ data: template(editor, "half") });
    throw new Failure("conflict", "templates.name-taken", "taken");
  });
  await expect(failing).rejects.toMatchObject({ code: "templates.name-taken" });
  expect(await trail(kernel, kernel.acme.id)).toEqual([]);
  expect(
    await kernel.access.read({ actor: editor, action: "templates.list", resource: { kind: "template", id: "*" } }, (tx) =>
      tx.template.count(),
    ),
  ).toBe(0);
});

test("a denial runs nothing, changes nothing, is audited, and names the roles that could", async () => {
  await using kernel = await openTestKernel();
  const reviewer = kernel.acme.as("reviewer");
  let ran = false;
  const work = async () => {
    ran = true;
  };
  for (const perform of [kernel.access.perform, kernel.access.performFast]) {
    await expect(perform(save(reviewer), work)).rejects.toMatchObject({
      kind: "forbidden",
      code: "access.denied",
      details: { action: "templates.create", roles: ["editor", "admin", "system"] },
    });
  }
  expect(ran).toBe(false);
  expect(await trail(kernel, kernel.acme.id)).toMatchObject([
    { outcome: "denied", reason: "access.no-role", actor: "Acme reviewer" },
    { outcome: "denied", reason: "access.no-role", actor: "Acme reviewer" },
  ]);
  const decisions = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) => tx.query("select allowed, rules, revision from decisions"));
  expect(decisions.rows).toHaveLength(2);
  expect(decisions.rows[0]).toMatchObject({ allowed: false, rules: ["access.no-role"], revision: expect.stringMatching(/^sha256:/) });
});

test("a denied read is audited too, an allowed one is not", async () => {
  await using kernel = await openTestKernel();
  const request = (actor: Actor) => ({ actor, action: "audit.read" as const, resource: { kind: "audit", id: "*" } });
  await kernel.access.read(request(kernel.acme.as("admin")), async () => undefined);
  await expect(kernel.access.readFast(request(kernel.acme.as("editor")), async () => undefined)).rejects.toMatchObject({
    code: "access.denied",
  });
  expect(await trail(kernel, kernel.acme.id)).toMatchObject([{ action: "audit.read", outcome: "denied", actor: "Acme editor" }]);
});

test("a role that was taken away since the request came in no longer counts", async () => {
  await using kernel = await openTestKernel();
  const editor = kernel.acme.as("editor");
  await kernel.tenants.addMember(systemActor("seed", kernel.acme.id), {
    subject: "acme-editor",
    email: "editor@acme.test",
    name: editor.name,
    roles: ["reviewer"],
  });
  expect(editor.roles).toEqual(["editor"]);
  await expect(kernel.access.perform(save(editor), async () => undefined)).rejects.toMatchObject({ code: "access.denied" });
  await expect(kernel.access.performFast(save(editor), async () => undefined)).rejects.toMatchObject({ code: "access.denied" });
});

test("a change of roles counts from its commit on, not before", async () => {
  await using kernel = await openTestKernel();
  const editor = kernel.acme.as("editor");
  await kernel.fastDatabase.inTenant(kernel.acme.id, async (tx) => {
    await tx.query("update members set roles = '{}' where user_id = $1", [editor.id]);
    await expect(kernel.access.performFast(save(editor), async () => "done")).resolves.toBe("done");
  });
  await expect(kernel.access.performFast(save(editor), async () => "done")).rejects.toMatchObject({ code: "access.denied" });
});

test("nobody acts on another tenant's resource, whatever their role there", async () => {
  await using kernel = await openTestKernel();
  const admin = kernel.acme.as("admin");
  const request = { actor: admin, action: "templates.read" as const, resource: { kind: "template", id: "x", tenantId: kernel.globex.id } };
  await expect(kernel.access.read(request, async () => undefined)).rejects.toMatchObject({ details: { rules: ["access.other-tenant"] } });
  // Claiming to act for the other tenant does not help either: there is no member row there.
  const claiming = { ...admin, tenantId: kernel.globex.id };
  await expect(kernel.access.perform(save(claiming), async () => undefined)).rejects.toMatchObject({ code: "access.denied" });
});

test("a read cannot write", async () => {
  await using kernel = await openTestKernel();
  const editor = kernel.acme.as("editor");
  const request = { actor: editor, action: "templates.list" as const, resource: { kind: "template", id: "*" } };
  await expect(kernel.access.read(request, (tx) => tx.template.create({ data: template(editor, "sly") }))).rejects.toThrow(/read-only/);
  await expect(
    kernel.access.readFast(request, (tx) =>
      tx.query("insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'a', 'a', 'a', 'a')", [editor.tenantId]),
    ),
  ).rejects.toThrow(/read-only/);
});

test("a denial that cannot be recorded is still a denial", async () => {
  await using kernel = await openTestKernel();
  const nobody: Actor = {
    kind: "user",
    id: "00000000-0000-0000-0000-000000000000",
    name: "x".repeat(3),
    tenantId: kernel.acme.id,
    roles: ["admin"],
    traceId: "\u0000",
  };
  await expect(kernel.access.perform(save(nobody), async () => undefined)).rejects.toMatchObject({ code: "access.denied" });
});

test("what one may do in general is answered with who could", async () => {
  await using kernel = await openTestKernel();
  const permissions = kernel.access.permissions(kernel.acme.as("reviewer"));
  expect(permissions["templates.list"]).toMatchObject({ allowed: true });
  expect(permissions["runs.try"]).toEqual({ allowed: false, roles: ["editor", "operator", "admin", "system"] });
  expect(permissions["templates.publish"]).toEqual({ allowed: false, roles: ["system"] });
});

test("a database that cannot be reached is said to be away, on every door and at sign-in, and is no bug", async () => {
  const urls = { tenantUrl: "postgresql://x:y@127.0.0.1:9/x", systemUrl: "postgresql://x:y@127.0.0.1:9/x" };
  const [database, fastDatabase] = [openDatabase(urls), openFastDatabase(urls)];
  const logger = createLogger({ app: "test", level: "silent" });
  const access = createAccess({ database, fastDatabase, decisions: createDecisions(), audit: createAudit(), logger });
  const tenants = createTenants({ database, access, logger });
  const request = save({ kind: "user", id: "a", name: "a", tenantId: "018f0000-0000-7000-8000-000000000001", roles: ["editor"] });
  const away = { kind: "unavailable", code: "registry.database-away" };
  await expect(access.perform(request, async () => undefined)).rejects.toMatchObject(away);
  await expect(access.performFast(request, async () => undefined)).rejects.toMatchObject(away);
  await expect(access.read(request, async () => undefined)).rejects.toMatchObject(away);
  await expect(access.readFast(request, async () => undefined)).rejects.toMatchObject(away);
  await expect(tenants.signIn("acme-editor", undefined)).rejects.toMatchObject(away);
  await Promise.all([database.close(), fastDatabase.close()]);
});
