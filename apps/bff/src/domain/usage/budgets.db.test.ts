import { expect, test } from "vitest";
import { systemActor } from "../actor.ts";
import { NOON, openTestUsage, saidOf } from "./test-usage.ts";

const loop = systemActor("budgets");

async function open() {
  const t = await openTestUsage();
  const { kernel, usage } = t;
  const { rows } = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    tx.query<{ id: string }>(
      "insert into templates (tenant_id, name, title, owner, created_by) values ($1, 'audit', 'Audit', 'us', 'test') returning id",
      [kernel.acme.id],
    ),
  );
  const templateId = rows[0]?.id ?? "";
  return {
    ...t,
    templateId,
    /** One run that costs so much: one core for as long as it takes, at 11.25 micros a second, no memory. */
    spend: async (micros: number, at = NOON, tenantId = kernel.acme.id) => {
      const outcome = { templateId, durationMs: (micros / 11.25) * 1_000, limits: { cpuMillis: 1_000, memoryBytes: 0 } };
      await t.say([saidOf(tenantId, { at, outcome })]);
      await usage.ingest(loop);
    },
    held: async () =>
      (await t.quotas.list(kernel.acme.as("manager"))).items.map(({ templateName, source }) => `${templateName} ${source.split(":")[0]}`),
    told: () =>
      kernel.fastDatabase.asSystem(async (tx) => {
        const { rows } = await tx.query<{ topic: string; payload: { percent: number; month: string } }>(
          "select topic, payload from outbox_events where topic like 'budget.%' order by id",
        );
        return rows.map(({ topic, payload }) => `${topic} ${payload.percent} ${payload.month}`);
      }),
  };
}

test("a budget warns once a level, stops once, and its hold goes when it is raised or the month turns", async () => {
  await using t = await open();
  const { kernel, usage, clock } = t;
  const manager = kernel.acme.as("manager");
  const { budgetId } = await usage.setBudget(manager, {
    templateName: "audit",
    amountMicros: 1_000,
    warnPercents: [50, 80],
    stopPercent: 100,
  });
  await t.spend(600);
  expect([await usage.watchBudgets(loop), await usage.watchBudgets(loop)]).toEqual([1, 0]);
  await t.spend(300);
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual([]);
  await t.spend(200);
  await usage.watchBudgets(loop);
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual(["audit budget"]);
  expect(await t.told()).toEqual(["budget.warned 50 2031-05", "budget.warned 80 2031-05", "budget.stopped 100 2031-05"]);
  await usage.setBudget(manager, { id: budgetId, templateName: "audit", amountMicros: 2_000, warnPercents: [50, 80], stopPercent: 100 });
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual([]);
  await t.spend(1_000);
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual(["audit budget"]);
  clock.set(new Date("2031-06-01T00:00:00Z"));
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual([]);
});

test("a hold that a person released stays away until the budget changes; a removed budget takes its hold along", async () => {
  await using t = await open();
  const { kernel, usage, quotas } = t;
  const manager = kernel.acme.as("manager");
  const limits = { templateName: null, amountMicros: 100, warnPercents: [], stopPercent: 90 };
  const { budgetId } = await usage.setBudget(manager, limits);
  await t.spend(100);
  await usage.watchBudgets(loop);
  const [held] = (await quotas.list(manager)).items;
  await quotas.release(manager, { holdId: held?.id ?? "" });
  await t.spend(100);
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual([]);
  await usage.setBudget(manager, { ...limits, id: budgetId, amountMicros: 150 });
  await usage.watchBudgets(loop);
  expect(await t.held()).toEqual(["null budget"]);
  await usage.removeBudget(manager, { id: budgetId });
  expect(await t.held()).toEqual([]);
  await expect(usage.removeBudget(manager, { id: budgetId })).rejects.toMatchObject({ code: "budgets.missing" });
});

test("a budget sees its own tenant's and template's spending alone, and one scope has one budget", async () => {
  await using t = await open();
  const { kernel, usage } = t;
  const manager = kernel.acme.as("manager");
  const limits = { templateName: "audit", amountMicros: 100, warnPercents: [50], stopPercent: null };
  await usage.setBudget(manager, limits);
  await t.spend(1_000, NOON, kernel.globex.id);
  await t.spend(1_000, new Date("2031-04-30T23:59:59Z"));
  expect(await usage.watchBudgets(loop)).toBe(0);
  await expect(usage.setBudget(manager, limits)).rejects.toMatchObject({ code: "budgets.exists" });
  await expect(usage.setBudget(manager, { ...limits, templateName: "other" })).rejects.toMatchObject({ code: "templates.missing" });
  await expect(usage.setBudget(kernel.acme.as("editor"), { ...limits, templateName: null })).rejects.toMatchObject({
    code: "access.denied",
  });
});

test("prices begin now or later, in the tenant's currency, each a revision of its own", async () => {
  await using t = await open();
  const { kernel, usage } = t;
  const admin = kernel.acme.as("admin");
  const prices = { cpuSecond: 20, memoryGibSecond: 1, gpuSecond: {}, tokens: {}, hostHour: {} };
  expect(await usage.setPrices(admin, { currency: "EUR", prices })).toEqual({ revision: 1 });
  expect(await usage.setPrices(admin, { currency: "EUR", prices, validFrom: new Date("2032-01-01") })).toEqual({ revision: 2 });
  await expect(usage.setPrices(admin, { currency: "USD", prices })).rejects.toMatchObject({ code: "prices.other-currency" });
  await expect(usage.setPrices(admin, { currency: "EUR", prices, validFrom: new Date("2031-01-01") })).rejects.toMatchObject({
    code: "prices.in-the-past",
  });
});
