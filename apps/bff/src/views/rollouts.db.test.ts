import pg from "pg";
import { expect, test } from "vitest";
import { onProduction, openTestRollouts } from "../domain/rollouts/test-rollouts.ts";
import type { FastTransaction } from "../platform/fast-database.ts";
import { createRolloutsView } from "./rollouts.ts";

const ENDED_RUNS = 10_000;

/** A channel on which 1.0.0 completed, 1.1.0 was aborted, and 1.2.0 is live. */
async function open() {
  const t = await openTestRollouts();
  const { acme, globex, access } = t.registry.kernel;
  const operator = acme.as("operator");
  const { rollouts, channels } = t.registry;
  for (const semver of ["1.0.0", "1.1.0", "1.2.0"]) await t.version(semver);
  await t.plan();
  await channels.create(operator, { templateName: "audit", name: "production", planName: "standard" });
  const start = async (semver: string) => (await rollouts.start(operator, { ...onProduction, semver })).number;
  const first = await start("1.0.0");
  await rollouts.promote(operator, { number: first, reason: "first" });
  await rollouts.passGate(operator, { number: first });
  await rollouts.promote(operator, { number: first, reason: "first" });
  await rollouts.abort(operator, { number: await start("1.1.0"), reason: "not yet" });
  const live = await start("1.2.0");
  return {
    t,
    view: createRolloutsView({ access, redis: t.registry.redis }),
    operator,
    live,
    acme,
    access,
    globex,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
}

test("the list is newest first, by state, by template and below a cursor; the counts are of what is live", async () => {
  await using o = await open();
  const list = async (query: Parameters<typeof o.view.list>[1]) =>
    (await o.view.list(o.operator, query)).items.map(({ canary, state, weightPercent }) => `${canary} ${state} ${weightPercent}`);
  const [live, aborted, completed] = ["1.2.0 running 10", "1.1.0 rolled_back 0", "1.0.0 completed 100"];
  expect(await list({})).toEqual([live, aborted, completed]);
  expect(await list({ state: "live" })).toEqual([live]);
  expect(await list({ state: "ended" })).toEqual([aborted, completed]);
  expect(await list({ templateName: "audit", state: "ended", cursor: "2" })).toEqual([completed]);
  expect(await list({ templateName: "other" })).toEqual([]);
  await o.t.registry.rollouts.pause(o.operator, { number: o.live, reason: "lunch" });
  expect(await o.view.list(o.operator, { state: "ended" })).toMatchObject({ nextCursor: null, counts: { live: 1, paused: 1 } });
});

test("a page has its plan, its figures, its events and what its reader may do", async () => {
  await using o = await open();
  for (let n = 0; n < 80; n += 1) await o.t.submit(`key-${n}`);
  await o.t.work(({ runId }) => (runId.endsWith("0") ? "failed" : "succeeded"));
  await o.t.turn();
  const page = await o.view.get(o.operator, { number: o.live });
  expect(page).toMatchObject({ baseline: "1.0.0", canary: "1.2.0", step: 0, steps: 3, gate: null, queuedOnCanary: 0 });
  expect(page.plan.steps.map(({ weightPercent, gate }) => [weightPercent, gate?.title ?? null])).toEqual([
    [10, null],
    [50, "Look at the figures"],
    [100, null],
  ]);
  expect(page.samples.baseline + page.samples.canary).toBe(80);
  expect(page.samples).toMatchObject({ needed: 5 });
  const [failed] = page.metrics;
  expect(failed).toMatchObject({ name: "failed", byStep: [{ step: 0, canary: failed?.canary, baseline: failed?.baseline }] });
  expect(failed?.canary.samples).toBe(page.samples.canary);
  expect(failed?.series.length).toBeGreaterThan(0);
  expect(page.events.map(({ kind }) => kind)).toEqual(["started"]);
  expect(page.can).toMatchObject({ pause: { allowed: true }, resume: { allowed: false }, abort: { allowed: true } });
  const { can } = await o.view.get(o.acme.as("editor"), { number: o.live });
  expect(Object.values(can).map(({ allowed }) => allowed)).toEqual([false, false, false, false, false]);
});

test("another tenant sees none of it", async () => {
  await using o = await open();
  const stranger = o.globex.as("operator");
  expect(await o.view.list(stranger, {})).toEqual({ items: [], nextCursor: null, counts: { live: 0, paused: 0 } });
  await expect(o.view.get(stranger, { number: o.live })).rejects.toMatchObject({ code: "rollouts.missing" });
});

test("a page counts what waits and what was moved without reading the runs that its channel ever had", async () => {
  await using o = await open();
  for (let n = 0; n < 10; n += 1) await o.t.submit(`key-${n}`);
  await o.t.rows(
    "update runs set version_id = (select canary_version_id from channels) where id in (select id from runs order by id limit 5)",
  );
  await o.t.rows(`insert into runs select ended.* from (select to_jsonb(r) as run from runs r
    where version_id = (select canary_version_id from channels) limit 1) one, generate_series(1, ${ENDED_RUNS}) n,
    lateral jsonb_populate_record(null::runs, run || jsonb_build_object('id', uuidv7(), 'state', 'succeeded', 'fence', n, 'finished_at', now())) ended`);
  await o.t.rows(
    "update runs set moved_from_version_id = (select canary_version_id from channels) where id in (select id from runs where state = 'succeeded' limit 3)",
  );
  const owner = new pg.Client({ connectionString: o.t.registry.kernel.db.ownerUrl });
  await owner.connect();
  await owner.query("analyze runs");
  await owner.end();
  const visited: number[] = [];
  const explaining = (tx: FastTransaction): FastTransaction => ({
    query: async (sql, values) => {
      if (typeof sql === "string" && sql.includes("from runs")) {
        const { rows } = await tx.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(`explain (analyze, format json) ${sql}`, values);
        visited.push(visitedBy(rows[0]?.["QUERY PLAN"][0].Plan));
      }
      return tx.query(sql, values);
    },
  });
  const { access, acme } = o;
  const view = createRolloutsView({
    access: { ...access, readFast: (asked, work) => access.readFast(asked, (tx) => work(explaining(tx))) },
    redis: o.t.registry.redis,
  });
  const [waiting] = await o.t.rows<{ n: number }>(
    "select count(*)::int as n from runs where state = 'queued' and version_id = (select canary_version_id from channels)",
  );
  expect(waiting?.n).toBeGreaterThanOrEqual(5);
  expect(await view.get(acme.as("operator"), { number: o.live })).toMatchObject({ queuedOnCanary: waiting?.n, movedRuns: 3 });
  expect(visited).toEqual([expect.toSatisfy((rows: number) => rows <= 20)]);
});

type PlanNode = {
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Relation Name"?: string;
  Plans?: PlanNode[];
};

/** Rows of `runs` that a plan looked at. */
function visitedBy(node: PlanNode | undefined): number {
  if (!node) return 0;
  const own = node["Relation Name"] === "runs" ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"] : 0;
  return (node.Plans ?? []).reduce((sum, part) => sum + visitedBy(part), own);
}
