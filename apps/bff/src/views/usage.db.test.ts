import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemActor } from "../domain/actor.ts";
import { NOON, openTestUsage, saidOf } from "../domain/usage/test-usage.ts";
import { type CostBy, ROWS_MAX } from "./costs.ts";
import { createUsageView } from "./usage.ts";

const loop = systemActor("usage-ingest");
const DAY_MS = 86_400_000;
const day = (offset: number) => new Date(Date.UTC(2031, 4, 14) + offset * DAY_MS).toISOString();

const MANIFEST = (slo: string) => `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata: { name: audit, title: Audit, owner: us }
spec:
  driver: node
  code: { archive: "sha256:${"0".repeat(64)}", entry: default }
  input: { type: object }
  output: { type: object }
  limits: { timeout: 30s }
  slo: ${slo}
`;

async function open() {
  const t = await openTestUsage();
  const { kernel, clock } = t;
  const { templateId, versionIds } = await kernel.fastDatabase.inTenant(kernel.acme.id, async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      "insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'audit', 'Audit', 'us', 'test') returning id",
      [kernel.acme.id],
    );
    const versions: string[] = [];
    for (const semver of ["1.0.0", "1.1.0"]) {
      const { rows: made } = await tx.query<{ id: string }>(
        `insert into template_versions (tenant_id, template_id, semver, digest, source, published_by)
         values ($1, $2, $3, $3, $4, 'test') returning id`,
        [kernel.acme.id, rows[0]?.id, semver, MANIFEST("{ availability: 99, latencyP95: 2s, window: 7d }")],
      );
      versions.push(made[0]?.id ?? "");
    }
    return { templateId: rows[0]?.id ?? "", versionIds: versions as [string, string] };
  });
  const count = async (rows: Parameters<typeof t.say>[0]) => {
    await t.say(rows);
    while ((await t.usage.ingest(loop)) > 0);
  };
  return { ...t, templateId, versionIds, count, view: createUsageView({ access: kernel.access, clock }) };
}

/** Figures are micros with thousandths; what must add up exactly is compared as whole nanos. */
const nanos = (micros: number) => Math.round(micros * 1_000);
const sumOf = (micros: readonly number[]) => micros.reduce((sum, one) => sum + nanos(one), 0);

/** Drawn by the thousandth: most doubles are so small that they cost nothing. */
const msUpTo = (max: number) => fc.nat({ max: max * 1_000 }).map((us) => us / 1_000);

test("costs by any dimension and in any period add up to the total, and two halves to the whole", async () => {
  await using t = await open();
  const manager = t.kernel.acme.as("manager");
  const templates = [t.templateId, randomUUID(), randomUUID()];
  const channels = [null, randomUUID(), randomUUID()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          hours: fc.nat({ max: 14 * 24 - 1 }),
          template: fc.nat({ max: 2 }),
          version: fc.option(fc.nat({ max: 1 }), { nil: null }),
          channel: fc.nat({ max: 2 }),
          durationMs: msUpTo(60_000),
          cpuMs: msUpTo(60_000),
        }),
        { minLength: 1, maxLength: 30 },
      ),
      async (items) => {
        await t.kernel.fastDatabase.asSystem(async (tx) => {
          for (const table of ["run_outcomes", "usage_rollups"]) await tx.query(`delete from ${table}`);
        });
        const rows = items.map(({ hours, template, version, channel, durationMs, cpuMs }) =>
          saidOf(t.kernel.acme.id, {
            at: new Date(Date.UTC(2031, 4, 1) + hours * 3_600_000 + 60_000),
            outcome: {
              templateId: templates[template],
              versionId: version === null ? null : t.versionIds[version],
              channelId: channels[channel],
              durationMs,
              cpuMs,
            },
          }),
        );
        // Another tenant's costs are nobody else's.
        await t.count([...rows, saidOf(t.kernel.globex.id, { at: new Date("2031-05-05T00:00:00Z"), outcome: { durationMs: 1e9 } })]);
        const { rows: sums } = await t.kernel.fastDatabase.inTenant(t.kernel.acme.id, (tx) =>
          tx.query<{ allocated: number; used: number }>(
            "select sum(cost_nanos)::bigint as allocated, sum(used_nanos)::bigint as used from run_outcomes",
          ),
        );
        for (const basis of ["allocated", "used"] as const) {
          const totals = new Set<number>();
          for (const by of ["template", "version", "channel", "day"] satisfies CostBy[]) {
            const whole = await t.view.costs(manager, { from: day(-13), to: day(1), by, basis });
            expect(sumOf(whole.rows.map(({ amount }) => amount))).toBe(nanos(whole.total));
            expect(sumOf(whole.series.flatMap(({ amounts }) => Object.values(amounts)))).toBe(nanos(whole.total));
            for (const row of whole.rows) expect(sumOf(row.series.map(({ amount }) => amount))).toBe(nanos(row.amount));
            const halves = await t.view.costs(manager, {
              from: day(-6),
              to: day(1),
              by,
              basis,
              compareWith: { from: day(-13), to: day(-6) },
            });
            expect(sumOf([halves.total, halves.previousTotal ?? 0])).toBe(nanos(whole.total));
            expect(sumOf(halves.rows.map(({ previous }) => previous ?? 0))).toBe(nanos(halves.previousTotal ?? 0));
            totals.add(nanos(whole.total));
          }
          // The first of May lies outside: its rows are in neither.
          const outside = items.every(({ hours }) => hours >= 0);
          expect(outside && totals.size).toBe(1);
          expect([...totals]).toEqual([sums[0]?.[basis]]);
        }
      },
    ),
    { numRuns: 12 },
  );
}, 120_000);

test("what is beyond the dearest rows is one row, before and now, and everything still adds up", async () => {
  await using t = await open();
  const manager = t.kernel.acme.as("manager");
  const beyond = 7;
  const ids = Array.from({ length: ROWS_MAX + beyond }, () => randomUUID());
  const said = ids.flatMap((templateId, n) =>
    [0, -1].map((days) =>
      saidOf(t.kernel.acme.id, { at: new Date(Date.parse(day(days)) + 60_000), outcome: { templateId, durationMs: 1_000 * (n + 1) } }),
    ),
  );
  await t.count(said);
  const query = { from: day(0), to: day(1), by: "template", basis: "allocated" } as const;
  const whole = await t.view.costs(manager, { ...query, compareWith: { from: day(-1), to: day(0) } });
  // The dearest were said last.
  expect(whole.rows.map(({ key }) => key)).toEqual([...ids.slice(beyond).reverse(), "other"]);
  const other = whole.rows.at(-1);
  expect(other).toMatchObject({ label: null, href: null, runs: beyond });
  expect(sumOf(whole.rows.map(({ amount }) => amount))).toBe(nanos(whole.total));
  expect(sumOf(whole.rows.map(({ previous }) => previous ?? 0))).toBe(nanos(whole.previousTotal ?? 0));
  expect([other?.previous, sumOf(other?.series.map(({ amount }) => amount) ?? [])]).toEqual([other?.amount, nanos(other?.amount ?? 0)]);
  expect(other?.amount).toBeGreaterThan(0);
});

test("rows have names to read and places to go; a period that ends before it begins is refused", async () => {
  await using t = await open();
  const manager = t.kernel.acme.as("manager");
  const [, second] = t.versionIds;
  await t.count([saidOf(t.kernel.acme.id, { outcome: { templateId: t.templateId, versionId: second } }), saidOf(t.kernel.acme.id)]);
  const { rows, idle, currency } = await t.view.costs(manager, { from: day(0), to: day(1), by: "version", basis: "allocated" });
  expect(rows).toEqual(
    [
      expect.objectContaining({ key: second, label: "audit 1.1.0", href: "/templates/audit/versions/1.1.0", runs: 1 }),
      expect.objectContaining({ key: "none", label: null, href: null, runs: 1 }),
    ].sort((a, b) => (String(a.sample?.key) < String(b.sample?.key) ? -1 : 1)),
  );
  expect([idle, currency]).toEqual([null, "EUR"]);
  await expect(t.view.costs(manager, { from: day(1), to: day(0), by: "day", basis: "used" })).rejects.toMatchObject({
    code: "usage.period-invalid",
  });
});

test("an error budget is what the window allows less what failed; cancelled runs and tries are no requests", async () => {
  await using t = await open();
  const { kernel, clock, templateId, versionIds } = t;
  const runs = (count: number, at: Date, state: string, versionId: string | null = versionIds[1]) =>
    Array.from({ length: count }, () => saidOf(kernel.acme.id, { at, outcome: { templateId, versionId, state, durationMs: 1_000 } }));
  await t.count([
    ...runs(380, new Date(NOON.getTime() - 3 * DAY_MS), "succeeded"),
    ...runs(1, new Date(NOON.getTime() - 3 * DAY_MS), "failed", versionIds[0]),
    ...runs(18, new Date(NOON.getTime() - 10 * 60_000), "succeeded"),
    ...runs(1, new Date(NOON.getTime() - 10 * 60_000), "dead"),
    ...runs(30, NOON, "cancelled"),
    ...runs(30, NOON, "failed", null),
    ...runs(40, new Date(NOON.getTime() - 9 * DAY_MS), "failed"),
  ]);
  clock.set(NOON);
  const { items } = await t.view.slos(kernel.acme.as("manager"), {});
  expect(items).toHaveLength(1);
  const [slo] = items;
  expect(slo).toMatchObject({
    templateName: "audit",
    versionSemver: "1.1.0",
    objective: { availabilityPercent: 99, latencyMsP95: 2_000, windowMs: 7 * DAY_MS },
    window: { runs: 400, bad: 2, availabilityPercent: 99.5 },
    errorBudget: { allowed: 4, spent: 2, leftPercent: 50 },
    ate: [
      { label: "1.0.0", href: "/templates/audit/versions/1.0.0", bad: 1 },
      { label: "1.1.0", href: "/templates/audit/versions/1.1.0", bad: 1 },
    ],
  });
  // One of nineteen in the last hour, against one in a hundred.
  expect(slo?.burnRate1h).toBeCloseTo(100 / 19);
  expect(slo?.burnRate24h).toBeCloseTo(100 / 19);
  expect(Math.abs((slo?.latencyMsP95 ?? 0) - 1_000)).toBeLessThanOrEqual(20);
  expect(slo?.series.at(-1)?.leftPercent).toBeCloseTo(50);
});

test("what is promised is what a channel holds as stable: a version that was taken back promises nothing", async () => {
  await using t = await open();
  const { kernel, clock, templateId, versionIds } = t;
  const [first, second] = versionIds;
  const promised = async () => (await t.view.slos(kernel.acme.as("manager"), {})).items.map(({ versionSemver }) => versionSemver);
  const inAcme = async <Row extends object>(sql: string, values: readonly unknown[]) =>
    (await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) => tx.query<Row>(sql, [...values]))).rows;
  const channel = async (name: string, stable: string | null) => {
    const [made] = await inAcme<{ id: string }>(
      `insert into channels (tenant_id, template_id, name, plan_name, stable_version_id, created_by) values ($1, $2, $3, 'plan', $4, 'test') returning id`,
      [kernel.acme.id, templateId, name, stable],
    );
    return made?.id ?? "";
  };
  clock.set(NOON);
  await channel("empty", null);
  expect(await promised()).toEqual(["1.1.0"]);

  // The newest version was a canary that was taken back: the channel holds the one before.
  const production = await channel("production", first);
  expect(await promised()).toEqual(["1.0.0"]);

  // Of two channels, the one that people use.
  const staging = await channel("staging", second);
  const runs = (count: number, channelId: string, at = NOON) =>
    Array.from({ length: count }, () => saidOf(kernel.acme.id, { at, outcome: { templateId, versionId: first, channelId } }));
  await t.count([...runs(3, production), ...runs(2, staging), ...runs(9, staging, new Date(NOON.getTime() - 40 * DAY_MS))]);
  expect(await promised()).toEqual(["1.0.0"]);
  await t.count(runs(2, staging));
  expect(await promised()).toEqual(["1.1.0"]);

  // What was revoked is in force nowhere.
  await inAcme("update template_versions set state = 'revoked' where id = $1", [second]);
  expect(await promised()).toEqual(["1.0.0"]);
});

test("percentiles of longer buckets come from the same sketches; an empty bucket has none", async () => {
  await using t = await open();
  const { kernel, templateId } = t;
  await t.count(
    Array.from({ length: 100 }, (_, n) =>
      saidOf(kernel.acme.id, {
        at: new Date(NOON.getTime() + (n % 4) * 60_000),
        outcome: { templateId, durationMs: (n + 1) * 10, state: n === 0 ? "failed" : "succeeded" },
      }),
    ),
  );
  const query = {
    templateName: "audit",
    from: NOON.toISOString(),
    to: new Date(NOON.getTime() + 600_000).toISOString(),
    bucketSeconds: 300,
  };
  const { buckets } = await t.view.percentiles(kernel.acme.as("manager"), query);
  expect(buckets).toHaveLength(2);
  expect(buckets[0]).toMatchObject({ from: NOON.toISOString(), runs: 100, failed: 1 });
  expect(Math.abs((buckets[0]?.p95 ?? 0) / 950 - 1)).toBeLessThan(0.03);
  expect(buckets[1]).toEqual({
    from: new Date(NOON.getTime() + 300_000).toISOString(),
    runs: 0,
    failed: 0,
    p50: null,
    p95: null,
    p99: null,
  });
  await expect(t.view.percentiles(kernel.acme.as("manager"), { ...query, to: day(30), bucketSeconds: 60 })).rejects.toMatchObject({
    code: "usage.too-many-buckets",
  });
});

test("budgets show what was spent and forecast; prices show the book in force and those before", async () => {
  await using t = await open();
  const { kernel, usage, templateId, view, clock } = t;
  const manager = kernel.acme.as("manager");
  const outcome = { templateId, durationMs: 80_000, limits: { cpuMillis: 1_000, memoryBytes: 0 } };
  await t.count([1, 2, 3, 4].map((days) => saidOf(kernel.acme.id, { at: new Date(NOON.getTime() - days * DAY_MS), outcome })));
  await usage.setBudget(manager, { templateName: "audit", amountMicros: 36_000, warnPercents: [50], stopPercent: 10 });
  await usage.watchBudgets(loop);
  const { items } = await view.budgets(manager);
  expect(items).toEqual([
    expect.objectContaining({
      templateName: "audit",
      spentMicros: 3_600,
      spentPercent: 10,
      forecastMicros: 3_600 + 900 * 17.5,
      hold: expect.anything(),
    }),
  ]);
  expect(await view.prices(manager)).toMatchObject({ currency: "EUR", revision: 0, validFrom: null, history: [] });
  const prices = { cpuSecond: 20, memoryGibSecond: 1, gpuSecond: {}, tokens: {}, hostHour: {} };
  await usage.setPrices(kernel.acme.as("admin"), { currency: "EUR", prices });
  await usage.setPrices(kernel.acme.as("admin"), { currency: "EUR", prices, validFrom: new Date("2032-01-01") });
  expect(await view.prices(manager)).toMatchObject({
    revision: 1,
    validFrom: clock.now().toISOString(),
    prices,
    history: [{ revision: 2 }, { revision: 1, createdByName: "Acme admin" }],
  });
});
