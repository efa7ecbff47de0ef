import pg from "pg";
import { expect, test } from "vitest";
import { openTestKernel } from "../seed/test-kernel.ts";
import { createAuditView } from "./audit.ts";

/** Entries of a token that submits runs all day, between few of people; `every`: so many entries a person's. */
const FLOOD = `insert into audit_entries (tenant_id, actor_kind, actor_id, actor_name, action, resource_kind, resource_id, outcome)
  select $1, case when n % $3 = 0 then 'user' else 'token' end, 'someone', case when n % $3 = 0 then 'Mina' else 'ci' end,
    case when n % $3 = 0 then 'templates.publish' else 'runs.submit' end, 'thing', n::text, 'allowed' from generate_series(1, $2::int) n`;

test("what people did is found among what tokens did, page by page, and in one tenant", async () => {
  await using kernel = await openTestKernel();
  const view = createAuditView({ access: kernel.access });
  const admin = kernel.acme.as("admin");
  for (const { id } of [kernel.acme, kernel.globex]) await kernel.fastDatabase.inTenant(id, (tx) => tx.query(FLOOD, [id, 1_200, 10]));
  const seen: { id: string; kind: string; action: string }[] = [];
  let cursor: string | undefined;
  do {
    const page = await view.list(admin, { actorKind: "user", action: "templates.publish", cursor });
    seen.push(...page.items.map(({ id, actorKind, action }) => ({ id, kind: actorKind, action })));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toHaveLength(120);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(120);
  expect(seen.every(({ kind, action }) => kind === "user" && action === "templates.publish")).toBe(true);
  const tokens = await view.list(admin, { actorKind: "token" });
  expect(new Set(tokens.items.map(({ actorKind }) => actorKind))).toEqual(new Set(["token"]));
  // Whoever saves all of it takes larger pages.
  const many = await view.list(admin, { actorKind: "token", limit: 500 });
  expect([many.items.length, new Set(many.items.map(({ id }) => id)).size]).toEqual([500, 500]);
  expect((await view.list(admin, { actorKind: "host" })).items).toEqual([]);
  // The members were added by the seed, which is the system.
  expect((await view.list(admin, { actorKind: "system" })).items.length).toBeGreaterThan(0);
});

test("a page of the trail reads as many entries as it shows, however many others there are", async () => {
  await using kernel = await openTestKernel();
  const { id } = kernel.acme;
  await kernel.fastDatabase.inTenant(id, (tx) => tx.query(FLOOD, [id, 20_000, 400]));
  const visited = (where: string) =>
    kernel.fastDatabase.inTenant(id, async (tx) => {
      const { rows } = await tx.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
        `explain (analyze, format json) select * from audit_entries where ${where} order by id desc limit 51`,
      );
      return leavesOf(rows[0]?.["QUERY PLAN"][0].Plan).reduce((sum, { removed, rows: shown }) => sum + removed + shown, 0);
    });
  const owner = new pg.Client({ connectionString: kernel.db.ownerUrl });
  await owner.connect();
  await owner.query("analyze audit_entries");
  await owner.end();
  for (const where of ["actor_kind = 'user'", "action = 'templates.publish'", "actor_kind = 'host'", "action = 'templates.archive'"])
    expect([where, await visited(where)]).toEqual([where, expect.toSatisfy((rows: number) => rows <= 51)]);
});

type PlanNode = { "Actual Rows": number; "Rows Removed by Filter"?: number; Plans?: PlanNode[] };

function leavesOf(node: PlanNode | undefined): { rows: number; removed: number }[] {
  if (!node) return [];
  if (node.Plans) return node.Plans.flatMap(leavesOf);
  return [{ rows: node["Actual Rows"], removed: node["Rows Removed by Filter"] ?? 0 }];
}
