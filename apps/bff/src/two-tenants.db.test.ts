import pg from "pg";
import { expect, test } from "vitest";
import { appRouter } from "./api/root.ts";
import { drive, furnish, openTestDomain } from "./test-domain.ts";
import { DRIVES } from "./test-drives.ts";

/** Everything that a table holds for a tenant, as one text: equal before and after means untouched. */
async function contentsOf(ownerUrl: string, tenantId: string): Promise<string> {
  const url = new URL(process.env["TEST_POSTGRES_ADMIN_URL"] ?? "");
  url.pathname = new URL(ownerUrl).pathname;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id' order by 1",
    );
    const texts: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t where tenant_id = $1 order by 1`, [
        tenantId,
      ]);
      texts.push(`${name}: ${rows.map(({ row }) => row).join("\n")}`);
    }
    return texts.join("\n");
  } finally {
    await client.end();
  }
}

test("driven through every procedure with the first tenant's names and ids, the second learns nothing and changes nothing there", async () => {
  await using t = await openTestDomain();
  const world = await furnish(t);
  const { acme, globex } = t.kernel;
  const traces = [
    acme.id,
    world.draftId,
    world.runId,
    world.hostId,
    world.reviewId,
    world.commentId,
    world.templateId,
    world.digest,
    "Marker of the first tenant",
    "Acme",
    "acme",
  ];
  const procedures = Object.keys(appRouter._def.procedures).toSorted();
  expect(Object.keys(DRIVES).toSorted(), "every procedure is driven here").toEqual(procedures);

  const before = await contentsOf(t.kernel.db.ownerUrl, acme.id);
  const wrong: string[] = [];
  for (const procedurePath of procedures) {
    const { input, refused } = DRIVES[procedurePath] ?? {};
    const outcome = await drive(t.contextOf(globex, globex.as("admin")), procedurePath, input?.(world));
    if ("refused" in outcome) {
      const expected = refused !== undefined && (typeof refused === "string" ? outcome.refused === refused : refused.test(outcome.refused));
      if (!expected) wrong.push(`${procedurePath} was refused with ${outcome.refused}`);
    } else {
      if (refused !== undefined) wrong.push(`${procedurePath} was answered: ${outcome.answered.slice(0, 200)}`);
      const leak = traces.find((trace) => outcome.answered.includes(trace));
      if (leak) wrong.push(`${procedurePath} shows ${leak}: ${outcome.answered.slice(0, 400)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(await contentsOf(t.kernel.db.ownerUrl, acme.id)).toBe(before);

  // The same drive by the first tenant finds what the second did not: the refusals above mean isolation, not absence.
  const owner = t.contextOf(acme, acme.as("admin"));
  const refusedToOwner: string[] = [];
  for (const procedurePath of [
    "templates.get",
    "templates.getVersion",
    "templates.resolve",
    "templates.revocation",
    "templates.deprecate",
    "templates.undeprecate",
    "templates.revoke",
    "drafts.get",
    "reviews.get",
    "reviews.revision",
    "reviews.comment",
    "reviews.resolve",
    "reviews.withdraw",
    "drafts.compare",
    "archives.get",
    "runs.get",
    "runs.explain",
    "runs.cancel",
    "fleet.cordon",
  ]) {
    const outcome = await drive(owner, procedurePath, DRIVES[procedurePath]?.input?.(world));
    if ("refused" in outcome) refusedToOwner.push(`${procedurePath}: ${outcome.refused}`);
  }
  expect(refusedToOwner).toEqual([]);
  // A few seconds; every procedure after the other on a machine that is busy elsewhere may take many times that.
}, 180_000);
