import { randomUUID } from "node:crypto";
import type { MetricsBatch } from "@agent-factory/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { connect, helloOf, resultOf, usage as used } from "../../gateway/test-host.ts";
import { openTestRegistry, type TestRegistry } from "../../gateway/test-registry.ts";
import { systemActor } from "../actor.ts";
import { createBatches } from "./batches.ts";
import { crashing } from "./test-usage.ts";

const NOW = new Date("2031-05-14T12:34:56Z");

function batchOf(seq: number, change: Partial<MetricsBatch> = {}): MetricsBatch {
  return { seq, ageMs: 0, spanMs: 10_000, slotMs: 40_000, busySlotMs: 10_000, batchesDropped: 0, lost: [], ...change };
}

const hours = (registry: TestRegistry) =>
  registry.kernel.fastDatabase.asSystem(async (tx) => {
    const { rows } = await tx.query<{ bucket: Date; slotMs: number; busySlotMs: number; bill: number; idle: number }>(
      `select bucket, slot_ms as "slotMs", busy_slot_ms as "busySlotMs", bill_micros as bill, idle_micros as idle from host_usage order by bucket`,
    );
    return rows;
  });

test("whatever comes twice, out of order or after a crash, each batch counts once", async () => {
  await using registry = await openTestRegistry({ now: NOW });
  const host = await registry.readyHost({ tenantId: registry.kernel.acme.id });
  let crash = false;
  const { ingestBatch } = createBatches({ fastDatabase: crashing(registry.kernel.fastDatabase, () => crash), clock: registry.clock });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ seqs: fc.array(fc.nat({ max: 9 }), { maxLength: 12 }), crash: fc.boolean() }), { minLength: 1, maxLength: 8 }),
      async (frames) => {
        const epoch = randomUUID();
        await registry.kernel.fastDatabase.asSystem((tx) => tx.query("delete from host_usage"));
        const counted = new Set<number>();
        for (const frame of frames) {
          crash = frame.crash;
          const batches = frame.seqs.map((seq) => batchOf(seq, { busySlotMs: 1_000 + seq }));
          const acked = await ingestBatch(host, { epoch, batches }).catch(() => null);
          if (acked === null) continue;
          expect(acked).toEqual(frame.seqs);
          for (const seq of frame.seqs) counted.add(seq);
        }
        const busy = [...counted].reduce((sum, seq) => sum + 1_000 + seq, 0);
        expect((await hours(registry)).reduce((sum, hour) => sum + hour.busySlotMs, 0)).toBe(busy);
      },
    ),
    { numRuns: 30 },
  );
}, 60_000);

test("what was counted of a host is a row of ranges, which no order of numbers makes grow", async () => {
  await using registry = await openTestRegistry({ now: NOW });
  const host = await registry.readyHost({ tenantId: registry.kernel.acme.id });
  const epoch = randomUUID();
  const ingest = (seqs: number[]) => registry.usage.ingestBatch(host, { epoch, batches: seqs.map((seq) => batchOf(seq)) });
  const counted = () =>
    registry.kernel.fastDatabase.asSystem(async (tx) => {
      const { rows } = await tx.query<{ counted: string }>("select counted::text from usage_epochs");
      return rows;
    });
  for (const seqs of [[2, 1], [0, 2], [9], [5, 4, 4, 3]]) await ingest(seqs);
  expect(await counted()).toEqual([{ counted: "{[0,6),[9,10)}" }]);
  await ingest([7, 8, 6]);
  expect(await counted()).toEqual([{ counted: "{[0,10)}" }]);
  const sum = async () => (await hours(registry)).reduce((total, { slotMs }) => total + slotMs, 0);
  const before = await sum();
  // Every other number, far and wide: those that are long past count as counted, so the row stays small.
  for (let at = 0; at < 20_000; at += 1_000) await ingest(Array.from({ length: 500 }, (_, n) => 100 + at + 2 * n));
  expect(await sum()).toBe(before + 10_000 * 40_000);
  const ranges = (await counted())[0]?.counted.split("),[").length ?? 0;
  expect(ranges).toBeLessThan(2_200);
  await ingest([101, 19_001]);
  expect(await sum(), "one long past, one a moment ago").toBe(before + 10_001 * 40_000);
});

test("a host's clock moves nothing: its time is ours, less an age of an hour at most", async () => {
  // Certificates are of today.
  const now = new Date();
  await using registry = await openTestRegistry({ now });
  const identity = await registry.enrolHost();
  const gateway = await registry.startGateway();
  const epoch = randomUUID();
  const hello = helloOf(now, epoch);
  const link = await connect(gateway.port, identity, hello);
  // Frames carry no time of day; what is left to lie about is an age.
  const batches = [
    batchOf(0),
    batchOf(1, { ageMs: 40 * 60_000 }),
    batchOf(2, { ageMs: 1e12 }),
    batchOf(3, { slotMs: 1e12, busySlotMs: 1e12 }),
  ];
  link.send({ t: "metrics", epoch, batches });
  expect((await link.next("metrics-ack")).seqs).toEqual([0, 1, 2, 3]);
  // The answer was lost: the host says it again on its next connection.
  await link.close();
  const again = await connect(gateway.port, identity, hello);
  again.send({ t: "metrics", epoch, batches });
  expect(await again.next("metrics-ack")).toMatchObject({ epoch, seqs: [0, 1, 2, 3] });
  await again.close();
  const written = await hours(registry);
  const hourOf = (at: number) => Math.floor(at / 3_600_000) * 3_600_000;
  const expected = new Set([now.getTime(), now.getTime() - 40 * 60_000, now.getTime() - 60 * 60_000].map(hourOf));
  expect(new Set(written.map(({ bucket }) => bucket.getTime()))).toEqual(expected);
  // Four slots were admitted: for ten seconds there are no more than forty of them.
  expect(written.reduce((sum, { slotMs }) => sum + slotMs, 0)).toBe(160_000);
  expect(written.reduce((sum, { busySlotMs }) => sum + busySlotMs, 0)).toBe(70_000);
});

test("a host of a tenant has a bill: what its slots did not do is idle", async () => {
  await using registry = await openTestRegistry({ now: NOW });
  const host = await registry.readyHost({ tenantId: registry.kernel.acme.id });
  await registry.usage.ingestBatch(host, { epoch: randomUUID(), batches: Array.from({ length: 36 }, (_, seq) => batchOf(seq)) });
  // Six minutes at 100,000 micros an hour, a quarter of it busy.
  expect(await hours(registry)).toEqual([expect.objectContaining({ bill: 36 * 278, idle: 36 * 209 })]);
});

test("an attempt that was lost costs its template, when this host had it; of anything else a host may say what it likes", async () => {
  await using registry = await openTestRegistry({ now: NOW });
  const { kernel, runs, usage } = registry;
  await registry.publish();
  const [host, other] = [await registry.readyHost(), await registry.readyHost({ name: "other" })];
  const { runId } = await runs.submit(kernel.acme.as("operator"), { templateName: "audit", input: "{}" });
  const [lease] = await runs.lease(host, { max: 1 });
  expect(lease?.runId).toBe(runId);
  const lost = [{ runId, attempt: 1, fence: 1, durationMs: 8_000, cpuMs: 1_000, memoryBytesPeak: 0 }];
  const stranger = [{ ...lost[0], runId: randomUUID() } as (typeof lost)[number]];
  await usage.ingestBatch(other, { epoch: randomUUID(), batches: [batchOf(0, { lost })] });
  const epoch = randomUUID();
  await usage.ingestBatch(host, { epoch, batches: [batchOf(0, { lost: [...lost, ...stranger] })] });
  await usage.ingestBatch(host, { epoch, batches: [batchOf(0, { lost })] });
  await usage.ingest(systemActor("usage-ingest"));
  const { rows } = await kernel.fastDatabase.asSystem((tx) =>
    tx.query("select run_id as id, state, cost_nanos as cost, used_nanos as used from run_outcomes"),
  );
  // Half a core and 64 MiB for eight seconds; one second of CPU.
  expect(rows).toEqual([{ id: runId, state: "lost", cost: 45_618, used: 11_250 }]);
});

test("a run that ended on a host is in the roll-ups a turn later, with what it reserved and what it used", async () => {
  await using registry = await openTestRegistry({ now: NOW });
  const { kernel, runs, usage } = registry;
  const { versionId } = await registry.publish();
  const host = await registry.readyHost();
  await runs.submit(kernel.acme.as("operator"), { templateName: "audit", input: "{}" });
  const [lease] = await runs.lease(host, { max: 1 });
  if (!lease) throw new Error("nothing was leased");
  await runs.started(host, [{ ...lease, at: NOW.getTime(), handOutMs: 1, warm: true }]);
  const result = resultOf(lease, { usage: { ...used, durationMs: 20_000, cpuMs: 4_000, memoryBytesPeak: 32 << 20 } });
  await runs.finish(host, [result]);
  await runs.finish(host, [result]);
  expect(await usage.ingest(systemActor("usage-ingest"))).toBe(1);
  const { rows } = await kernel.fastDatabase.inTenant(kernel.acme.id, (tx) =>
    tx.query(
      `select version_id as version, runs, succeeded, cpu_us as cpu, memory_mib_ms as memory, allocated_nanos as allocated, used_nanos as used
         from usage_rollups where grain_seconds = 60 and bucket = $1`,
      [new Date("2031-05-14T12:34:00Z")],
    ),
  );
  // Half a core and 64 MiB for twenty seconds: 112.5 and 1.54 micros; four seconds of CPU and 32 MiB: 45 and 0.77.
  expect(rows).toEqual([
    { version: versionId, runs: 1, succeeded: 1, cpu: 4_000_000, memory: 32 * 20_000, allocated: 114_044, used: 45_772 },
  ]);
});
