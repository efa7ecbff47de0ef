import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { BATCHES_MAX, Batches, SPAN_MS } from "./batches.ts";
import { NOTHING_USED } from "./meter.ts";

const epoch = randomUUID();

function open() {
  let now = 1_000;
  const batches = new Batches({ slots: 4, epoch, now: () => now });
  return { batches, pass: (ms: number) => (now += ms) };
}

test("occupied slots are counted for as long as they are occupied, to the millisecond", () => {
  const { batches, pass } = open();
  batches.occupy(1);
  pass(2_000);
  batches.occupy(3);
  pass(1_000);
  batches.occupy(0);
  pass(7_000);
  batches.close();
  pass(500);
  const said = { seq: 0, ageMs: 500, spanMs: 10_000, slotMs: 40_000, busySlotMs: 5_000, batchesDropped: 0, lost: [] };
  expect(batches.next()).toEqual({ t: "metrics", epoch, batches: [said] });
  expect(batches.next()).toBeNull();
});

test("a batch is said again on every connection until it is acknowledged, and never after", () => {
  const { batches, pass } = open();
  pass(SPAN_MS);
  batches.close();
  pass(SPAN_MS);
  batches.close();
  batches.next();
  batches.restart();
  expect(batches.next()?.batches.map(({ seq, ageMs }) => [seq, ageMs])).toEqual([
    [0, SPAN_MS],
    [1, 0],
  ]);
  batches.acknowledge({ epoch: randomUUID(), seqs: [0] });
  batches.acknowledge({ epoch, seqs: [1] });
  batches.restart();
  expect(batches.next()?.batches.map(({ seq }) => seq)).toEqual([0]);
  batches.acknowledge({ epoch, seqs: [0] });
  expect(batches.empty).toBe(true);
});

test("what waits is bounded; what was dropped is counted once, by the batches that are left", () => {
  const { batches, pass } = open();
  for (let span = 0; span < BATCHES_MAX * 3; span += 1) {
    pass(SPAN_MS);
    batches.close();
  }
  let [kept, dropped] = [0, 0];
  for (let frame = batches.next(); frame; frame = batches.next()) {
    kept += frame.batches.length;
    dropped += frame.batches.reduce((sum, batch) => sum + batch.batchesDropped, 0);
  }
  expect(kept).toBe(BATCHES_MAX);
  expect(kept + dropped).toBe(BATCHES_MAX * 3);
});

test("a machine that slept was no host meanwhile", () => {
  const { batches, pass } = open();
  batches.occupy(4);
  pass(8 * 3_600_000);
  batches.close();
  expect(batches.next()?.batches[0]).toMatchObject({ spanMs: 60_000, slotMs: 240_000, busySlotMs: 240_000 });
});

test("what an attempt used whose lease was lost is told, unless it used nothing", () => {
  const { batches } = open();
  const hold = { runId: randomUUID(), attempt: 2, fence: 7 };
  batches.addLost(hold, NOTHING_USED);
  batches.addLost(hold, { ...NOTHING_USED, durationMs: 40, cpuMs: 30, memoryBytesPeak: 1_024 });
  batches.close();
  expect(batches.next()?.batches[0]?.lost).toEqual([{ ...hold, durationMs: 40, cpuMs: 30, memoryBytesPeak: 1_024 }]);
});
