import { randomUUID } from "node:crypto";
import fc from "fast-check";
import pg from "pg";
import { expect, test } from "vitest";
import { systemActor } from "../actor.ts";
import { createIngester } from "./ingest.ts";
import { crashing, NOON, openTestUsage, type Said, saidOf, silent } from "./test-usage.ts";

const loop = systemActor("usage-ingest");
const uuid = (n: number) => `${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`;

/** Sums of the outcomes, counted here in plain JavaScript from what was said. */
const SUMS = `sum(runs)::bigint as runs, sum(succeeded)::bigint as succeeded, sum(failed)::bigint as failed, sum(cancelled)::bigint as cancelled,
  sum(dead)::bigint as dead, sum(cpu_us)::bigint as "cpuUs", sum(memory_mib_ms)::bigint as "memoryMibMs",
  sum(allocated_nanos)::bigint as "allocatedNanos", sum(used_nanos)::bigint as "usedNanos"`;

/** Drawn by the thousandth: most doubles are so small that they cost nothing. */
const msUpTo = (max: number) => fc.nat({ max: max * 1_000 }).map((us) => us / 1_000);

const saidArbitrary = (tenantIds: readonly string[]) =>
  fc.record({
    tenant: fc.nat({ max: tenantIds.length - 1 }),
    template: fc.nat({ max: 2 }),
    channel: fc.option(fc.nat({ max: 1 }), { nil: null }),
    state: fc.constantFrom("succeeded", "succeeded", "failed", "cancelled", "dead"),
    minutes: fc.nat({ max: 3_000 }),
    durationMs: fc.option(msUpTo(100_000), { nil: null }),
    cpuMs: msUpTo(1_000),
    memory: fc.nat({ max: 1 << 30 }),
    step: fc.nat({ max: 1 }),
    cohort: fc.constantFrom("baseline", "canary", null),
    key: fc.integer({ min: -3, max: 3 }),
  });

test("whatever the order, repetition, batches and crashes: roll-ups of every grain are the outcomes, and cohorts are what a plain count says", async () => {
  await using t = await openTestUsage();
  const { kernel } = t;
  const tenantIds = [kernel.acme.id, kernel.globex.id];
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(saidArbitrary(tenantIds), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      fc.array(fc.record({ limit: fc.integer({ min: 1, max: 12 }), crash: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      async (items, shuffle, turns) => {
        round += 1;
        await kernel.fastDatabase.asSystem(async (tx) => {
          for (const table of ["run_outcomes", "usage_rollups", "cohort_counts", "cohort_keys", "usage_inbox"])
            await tx.query(`delete from ${table}`);
        });
        const said: Said[] = items.map((item, n) =>
          saidOf(tenantIds[item.tenant] ?? "", {
            runId: uuid(n),
            at: new Date(NOON.getTime() - item.minutes * 60_000),
            outcome: {
              templateId: uuid(100 + item.template),
              channelId: item.channel === null ? null : uuid(200 + item.channel),
              state: item.state,
              durationMs: item.durationMs,
              cpuMs: item.cpuMs,
              memoryBytesPeak: item.memory,
              stickyHash: String(BigInt(item.key) * 3_000_000_000_000_000_000n),
              // A rollout belongs to one tenant, and a key to one cohort in a step.
              judged:
                item.cohort === null
                  ? null
                  : {
                      rolloutId: uuid(300 + item.tenant),
                      step: item.step,
                      cohort: item.key < 0 ? "canary" : "baseline",
                      slowMs: 50_000,
                      dearMicros: 200,
                    },
            },
          }),
        );
        // Every third row is said twice, and everything in some order.
        const rows = [...said, ...said.filter((_, n) => n % 3 === round % 3)]
          .map((row, n) => ({ row, at: shuffle[n % shuffle.length] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row);
        let crash = false;
        const ingester = createIngester({ fastDatabase: crashing(kernel.fastDatabase, () => crash), logger: silent });
        const half = Math.ceil(rows.length / 2);
        await t.say(rows.slice(0, half));
        for (const turn of turns) {
          crash = turn.crash;
          await ingester.ingest(turn.limit).catch((error: Error) => expect(error.message).toBe("crash"));
        }
        crash = false;
        await t.say(rows.slice(half));
        // Two at once, until nothing is left.
        const rest = async () => {
          while ((await ingester.ingest(7)) > 0);
        };
        await Promise.all([rest(), rest()]);

        await kernel.fastDatabase.asSystem(async (tx) => {
          const { rows: outcomes } = await tx.query<{ n: number; cost: number; used: number; cpu: number; memory: number }>(
            `select count(*) as n, sum(cost_nanos)::bigint as cost, sum(used_nanos)::bigint as used, sum(cpu_us)::bigint as cpu,
               sum(memory_mib_ms)::bigint as memory from run_outcomes`,
          );
          const { rows: grains } = await tx.query(`select grain_seconds, ${SUMS} from usage_rollups group by 1 order by 1`);
          const states = (state: string) => said.filter(({ outcome }) => outcome["state"] === state).length;
          const expected = {
            runs: said.length,
            succeeded: states("succeeded"),
            failed: states("failed"),
            cancelled: states("cancelled"),
            dead: states("dead"),
            cpuUs: said.reduce((sum, { outcome }) => sum + Math.round(Number(outcome["cpuMs"]) * 1_000), 0),
            memoryMibMs: outcomes[0]?.memory,
            allocatedNanos: outcomes[0]?.cost,
            usedNanos: outcomes[0]?.used,
          };
          expect(outcomes[0]).toMatchObject({ n: said.length, cpu: expected.cpuUs });
          expect(grains).toEqual([60, 3_600, 86_400].map((grain) => ({ grain_seconds: grain, ...expected })));

          const units = new Map<string, Set<string>>();
          for (const { outcome } of said) {
            const judged = outcome["judged"] as { rolloutId: string; step: number; cohort: string } | null;
            if (!judged || outcome["state"] === "cancelled") continue;
            const seconds = Number(outcome["durationMs"] ?? 0) / 1_000;
            const bad = ["samples"];
            if (outcome["state"] === "failed" || outcome["state"] === "dead") bad.push("failed");
            if (seconds > 50) bad.push("slow");
            if (Math.round(0.5 * seconds * 11.25 + 0.125 * seconds * 1.235) > 200) bad.push("dear");
            for (const metric of bad) {
              const name = `${judged.rolloutId} ${judged.step} ${judged.cohort} ${metric}`;
              units.set(name, (units.get(name) ?? new Set()).add(String(outcome["stickyHash"])));
            }
          }
          const { rows: counts } = await tx.query<{ name: string; units: number }>(
            "select rollout_id || ' ' || step || ' ' || cohort || ' ' || metric as name, units from cohort_counts order by 1",
          );
          expect(counts).toEqual(
            [...units].map(([name, keys]) => ({ name, units: keys.size })).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
          );
        });
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

test("roll-ups rebuilt from the outcomes are those that were counted live, to the last byte of a sketch", async () => {
  await using t = await openTestUsage();
  const { kernel, usage } = t;
  const rows = Array.from({ length: 300 }, (_, n) =>
    saidOf(n % 5 === 0 ? kernel.globex.id : kernel.acme.id, {
      at: new Date(NOON.getTime() - n * 137_000),
      outcome: {
        templateId: uuid(n % 3),
        durationMs: 10 + n * 3.7,
        waitMs: n / 7,
        cpuMs: n * 1.1,
        state: n % 7 === 0 ? "failed" : "succeeded",
      },
    }),
  );
  await t.say(rows);
  const small = createIngester({ fastDatabase: kernel.fastDatabase, logger: silent });
  while ((await small.ingest(23)) > 0);
  const all = () =>
    kernel.fastDatabase.asSystem((tx) =>
      tx.query("select * from usage_rollups order by tenant_id, grain_seconds, bucket, template_id, version_id, channel_id"),
    );
  const live = await all();
  expect(live.rows.length).toBeGreaterThan(100);
  const days = { from: new Date("2031-05-13T00:00:00Z"), to: new Date("2031-05-15T00:00:00Z") };
  await kernel.fastDatabase.asSystem((tx) =>
    tx.query("update usage_rollups set runs = runs + 1, duration_sketch = null where tenant_id = $1", [kernel.acme.id]),
  );
  expect(await usage.rebuild(loop, { tenantId: kernel.acme.id, ...days })).toBe(240);
  expect((await all()).rows).toEqual(live.rows);
  await expect(usage.rebuild(loop, { tenantId: kernel.acme.id, from: NOON, to: days.to })).rejects.toMatchObject({
    code: "usage.not-whole-days",
  });
});

test("days whose outcomes are gone are not counted anew: their roll-ups, which are kept for ever, stay", async () => {
  await using t = await openTestUsage();
  const { kernel, usage } = t;
  const tenantId = kernel.acme.id;
  await t.say([saidOf(tenantId, { at: new Date("2031-03-30T12:00:00Z") }), saidOf(tenantId, { at: NOON })]);
  while ((await usage.ingest(loop)) > 0);
  const all = () => kernel.fastDatabase.asSystem((tx) => tx.query("select * from usage_rollups order by grain_seconds, bucket"));
  const { rows } = await all();
  expect(rows.length).toBe(6);
  await kernel.fastDatabase.asSystem((tx) => tx.query("select drop_outcome_partitions('2031-04-01')"));
  const rebuild = (from: string, to: string) =>
    usage.rebuild(loop, { tenantId, from: new Date(`${from}T00:00:00Z`), to: new Date(`${to}T00:00:00Z`) });
  await expect(rebuild("2031-03-30", "2031-05-20")).rejects.toMatchObject({
    code: "usage.outcomes-gone",
    details: { oldest: "2031-04-01T00:00:00.000Z" },
  });
  expect((await all()).rows).toEqual(rows);
  expect(await rebuild("2031-04-01", "2031-05-20")).toBe(1);
  expect((await all()).rows).toEqual(rows);
});

test("the price book of the moment decides the cost, whenever it is counted; without one the default does", async () => {
  await using t = await openTestUsage();
  const { kernel, usage } = t;
  await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    tx.query(
      `insert into price_books (tenant_id, revision, currency, prices, valid_from, created_by)
       values ($1, 1, 'EUR', '{"cpuSecond": 1000, "memoryGibSecond": 0, "gpuSecond": {}, "tokens": {}, "hostHour": {}}', $2, 'test')`,
      [kernel.acme.id, NOON],
    ),
  );
  const outcome = { limits: { cpuMillis: 1_000, memoryBytes: 0 }, durationMs: 10_000, cpuMs: 2_000 };
  const [before, after] = [uuid(1), uuid(2)];
  await t.say([
    saidOf(kernel.acme.id, { runId: after, at: NOON, outcome }),
    saidOf(kernel.acme.id, { runId: before, at: new Date(NOON.getTime() - 1), outcome }),
  ]);
  await usage.ingest(loop);
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query(`select run_id as id, cost_nanos as cost, used_nanos as used from run_outcomes order by at`),
  );
  // 10 s at 11.25 micros a second; the memory it used is in the second figure: 64 MiB for 10 s at 1.235.
  expect(rows).toEqual([
    { id: before, cost: 112_500, used: 23_272 },
    { id: after, cost: 10_000_000, used: 2_000_000 },
  ]);
});

test("an outcome of no known shape is left out and keeps no other from being counted", async () => {
  await using t = await openTestUsage();
  const { kernel, usage } = t;
  const bad = saidOf(kernel.acme.id);
  await t.say([{ ...bad, outcome: { templateId: "no" } }, saidOf(kernel.acme.id)]);
  expect(await usage.ingest(loop)).toBe(2);
  expect(await usage.ingest(loop)).toBe(0);
  const { rows } = await kernel.fastDatabase.asSystem((tx) => tx.query<{ n: number }>("select count(*) as n from run_outcomes"));
  expect(rows[0]?.n).toBe(1);
});

test("what a host lost costs and is no run, and costs nothing twice when the ledger had its result after all", async () => {
  await using t = await openTestUsage();
  const { kernel, usage } = t;
  const [lost, had] = [randomUUID(), randomUUID()];
  await t.say([
    saidOf(kernel.acme.id, { runId: lost, outcome: { state: "lost" } }),
    saidOf(kernel.acme.id, { runId: had }),
    saidOf(kernel.acme.id, { runId: had, at: new Date(NOON.getTime() + 5_000), outcome: { state: "lost" } }),
  ]);
  await usage.ingest(loop);
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query(
      "select runs, succeeded, cpu_us as cpu, octet_length(duration_sketch) as sketch from usage_rollups where grain_seconds = 86400",
    ),
  );
  expect(rows).toEqual([expect.objectContaining({ runs: 1, succeeded: 1, cpu: 500_000 })]);
});

test("retention forgets minutes after three months, keys of ended rollouts and batches after a week, outcomes after a year; days stay", async () => {
  await using t = await openTestUsage();
  const { kernel, usage, clock } = t;
  const old = new Date("2030-03-10T10:00:00Z");
  await t.say([saidOf(kernel.acme.id, { at: old }), saidOf(kernel.acme.id)]);
  await usage.ingest(loop);
  const state = () =>
    kernel.fastDatabase.asSystem(async (tx) => {
      const { rows } = await tx.query<{ grain: number; n: number }>(
        "select grain_seconds as grain, count(*) as n from usage_rollups group by 1 order by 1",
      );
      const { rows: outcomes } = await tx.query<{ n: number }>("select count(*) as n from run_outcomes");
      return [rows.map(({ n }) => n), outcomes[0]?.n];
    });
  expect(await state()).toEqual([[2, 2, 2], 2]);
  clock.set(NOON);
  await usage.retention(loop);
  expect(await state()).toEqual([[1, 1, 2], 1]);
  clock.set(new Date(NOON.getTime() + 100 * 86_400_000));
  await usage.retention(loop);
  expect(await state()).toEqual([[1, 2], 1]);
  // Partitions are there ahead: nothing said next month has to wait for one.
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query<{ there: boolean }>("select to_regclass('run_outcomes_203109') is not null as there"),
  );
  expect(rows[0]?.there).toBe(true);
});

test("two that count at once make the partition of a new month once, and both go on", async () => {
  await using t = await openTestUsage();
  const { fastDatabase, db } = t.kernel;
  const FAR = "2055-05-01";
  const first = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const ensure = (then: () => Promise<void>) =>
    fastDatabase.asSystem(async (tx) => {
      const { rows } = await tx.query<{ made: number }>("select ensure_outcome_partitions($1::date) as made", [FAR]);
      await then();
      return rows[0]?.made ?? 0;
    });
  const made = [
    ensure(async () => {
      first.resolve();
      await mayCommit.promise;
    }),
  ];
  await first.promise;
  made.push(ensure(async () => undefined));
  const watcher = new pg.Client({ connectionString: db.ownerUrl });
  await watcher.connect();
  try {
    const waits = () =>
      watcher.query(
        "select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())",
      );
    await expect.poll(async () => (await waits()).rowCount).toBeGreaterThan(0);
  } finally {
    mayCommit.resolve();
    await watcher.end();
  }
  const [one = 0, other = 0] = await Promise.all(made);
  expect(one).toBeGreaterThan(0);
  expect(other).toBe(0);
});
