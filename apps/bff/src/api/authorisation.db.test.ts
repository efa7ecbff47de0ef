/** The table of actions against every procedure: each role, a token and a host call it, and the table says what comes of it. */
import { expect, test } from "vitest";
import { ACTIONS, type Action } from "../domain/access/actions.ts";
import type { HostActor, TokenActor, UserActor } from "../domain/actor.ts";
import { PERSONAL_ROLES } from "../seed/test-kernel.ts";
import { drive, furnish, openTestDomain, type TestDomain } from "../test-domain.ts";
import { DRIVES } from "../test-drives.ts";
import { appRouter } from "./root.ts";

type Procedures = Readonly<Record<string, { readonly _def: { readonly meta: { readonly action: Action } } }>>;
const procedures = Object.entries(appRouter._def.procedures as unknown as Procedures);

/** What needs no door, since it tells nothing but who calls, and a fixed text: whoever is signed in has it. */
const WITHOUT_A_DOOR = ["session.me", "templates.starter"];

/** Paths that were denied against the table, or let through. */
async function against(t: TestDomain, actor: UserActor, roles: readonly string[]): Promise<string[]> {
  const world = await furnish(t);
  const wrong: string[] = [];
  for (const [path, { _def }] of procedures) {
    if (WITHOUT_A_DOOR.includes(path)) continue;
    const outcome = await drive(t.contextOf(t.kernel.acme, actor), path, DRIVES[path]?.input?.(world));
    const denied = "refused" in outcome && outcome.refused === "access.denied";
    const may = ACTIONS[_def.meta.action].some((role) => roles.includes(role));
    if (denied === may) wrong.push(`${path} (${_def.meta.action}): ${JSON.stringify(outcome).slice(0, 200)}`);
  }
  return wrong;
}

test.each(PERSONAL_ROLES)("whoever is %s alone may do what the table says, and nothing else", async (role) => {
  await using t = await openTestDomain();
  expect(await against(t, t.kernel.acme.as(role), [role, "member"])).toEqual([]);
});

test("a member without a role sees their own notices, and nothing else", async () => {
  await using t = await openTestDomain();
  const { kernel } = t;
  const reader = kernel.acme.as("manager");
  const { rows } = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    tx.query<{ id: string }>(
      "insert into members (tenant_id, subject, email, name, roles) values ($1, 'nobody', 'nobody@acme.test', 'Nobody', '{}') returning user_id as id",
      [kernel.acme.id],
    ),
  );
  const nobody: UserActor = { ...reader, id: rows[0]?.id ?? "", name: "Nobody", roles: [] };
  expect(await against(t, nobody, ["member"])).toEqual([]);
});

test("a token is a token, whatever roles it claims: it neither approves nor publishes, nor does anything else that is for people", async () => {
  await using t = await openTestDomain();
  const { id } = t.kernel.acme.as("reviewer");
  const token: TokenActor = {
    kind: "token",
    id,
    name: "ci",
    tenantId: t.kernel.acme.id,
    roles: ["ci", ...PERSONAL_ROLES, "system", "host"],
  };
  expect(await against(t, token as never, ["ci"])).toEqual([]);
});

test("a host may call nothing here, whatever it claims", async () => {
  await using t = await openTestDomain();
  const { id } = t.kernel.acme.as("reviewer");
  const host: HostActor = {
    kind: "host",
    id,
    name: "host",
    tenantId: t.kernel.acme.id,
    roles: ["host", ...PERSONAL_ROLES, "system"] as never,
  };
  expect(await against(t, host as never, ["host"])).toEqual([]);
});

test("no procedure publishes or signs: only loops do", () => {
  const actions = procedures.map(([, { _def }]) => _def.meta.action);
  for (const action of ["templates.publish", "signing.sign", "reviews.judge"] as const) {
    expect(actions).not.toContain(action);
    expect(ACTIONS[action]).toEqual(["system"]);
  }
});

test.each(WITHOUT_A_DOOR)("%s tells a signed-in person who they are, or what everybody knows", async (path) => {
  await using t = await openTestDomain();
  const outcome = await drive(t.contextOf(t.kernel.acme, t.kernel.acme.as("manager")), path, undefined);
  expect(outcome).toHaveProperty("answered");
});
