import type { HostFrame, Lease } from "@agent-factory/protocol";
import { expect, test, vi } from "vitest";
import type { Outcome } from "../drivers/driver.ts";
import type { Host } from "../host.ts";
import { createTestHost, settled, testLease } from "../test-host.ts";
import { SPAN_MS } from "./batches.ts";
import { NOTHING_USED } from "./meter.ts";

const usage = { ...NOTHING_USED, durationMs: 40, cpuMs: 30, memoryBytesPeak: 1_024 };

async function open(
  protocol: number,
  work: (t: { host: Host; lease: Lease; end(): Promise<void>; metrics(): (HostFrame & { t: "metrics" })[] }) => Promise<void>,
) {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  try {
    const ended = Promise.withResolvers<Outcome>();
    const { host, said } = createTestHost(() => ended.promise);
    host.welcome(protocol);
    await work({
      host,
      lease: testLease,
      end: async () => {
        ended.resolve({ outcome: "succeeded", output: { inline: "1" }, error: null, usage });
        await settled();
      },
      metrics: () => said("metrics"),
    });
  } finally {
    vi.useRealTimers();
  }
}

test("a run occupies its slot until it ends", async () => {
  await open(3, async ({ host, lease, end, metrics }) => {
    host.receive({ t: "work", leases: [lease] });
    vi.advanceTimersByTime(SPAN_MS / 2);
    await end();
    vi.advanceTimersByTime(SPAN_MS / 2);
    expect(metrics()).toEqual([
      expect.objectContaining({ batches: [expect.objectContaining({ slotMs: 2 * SPAN_MS, busySlotMs: SPAN_MS / 2, lost: [] })] }),
    ]);
  });
});

test.each(["while it runs", "after its result was said"])("an attempt that lost its lease %s is told with what it used", async (when) => {
  await open(3, async ({ host, lease, end, metrics }) => {
    host.receive({ t: "work", leases: [lease] });
    const { runId, attempt, fence } = lease;
    if (when !== "while it runs") await end();
    metrics();
    host.receive({ t: "cancel", runs: [{ runId, attempt, fence, reason: "lease-lost" }] });
    await end();
    vi.advanceTimersByTime(SPAN_MS);
    expect(metrics().flatMap(({ batches }) => batches.flatMap(({ lost }) => lost))).toEqual([
      { runId, attempt, fence, durationMs: 40, cpuMs: 30, memoryBytesPeak: 1_024 },
    ]);
  });
});

test("a result that was not accepted was used for nothing, and is told; one that was accepted is not", async () => {
  for (const accepted of [true, false]) {
    await open(3, async ({ host, lease, end, metrics }) => {
      host.receive({ t: "work", leases: [lease] });
      await end();
      metrics();
      const { runId, attempt, fence } = lease;
      host.receive({ t: "ack", results: [{ runId, attempt, fence, accepted, reason: null }] });
      vi.advanceTimersByTime(SPAN_MS);
      expect(metrics().flatMap(({ batches }) => batches.flatMap(({ lost }) => lost))).toHaveLength(accepted ? 0 : 1);
    });
  }
});

test("a gateway that does not know the frame is not told", async () => {
  await open(2, async ({ metrics }) => {
    vi.advanceTimersByTime(5 * SPAN_MS);
    expect(metrics()).toEqual([]);
  });
});
