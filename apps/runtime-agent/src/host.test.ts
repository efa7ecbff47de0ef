import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import type { HostFrame, Lease, SandboxProof } from "@agent-factory/protocol";
import { expect, test, vi } from "vitest";
import type { Inventory } from "./devices/devices.ts";
import { type Driver, GivenBack } from "./drivers/driver.ts";
import { Host } from "./host.ts";
import type { Pool } from "./pool/pool.ts";

const lease = {
  runId: randomUUID(),
  attempt: 1,
  fence: 1,
  tenantId: randomUUID(),
  kind: "try",
  templateName: "t",
  driver: "node",
  manifestDigest: `sha256:${"0".repeat(64)}`,
  signed: null,
  code: null,
  input: { inline: "{}" },
  limits: { timeoutMs: 1, memoryBytes: 1, cpuMillis: 1, pids: 1, logBytes: 1, outputBytes: 1 },
  expiresAt: Date.now() + 10_000,
  traceparent: null,
} satisfies Lease;

function open(fault: () => Error) {
  const driver: Driver = { start: () => ({ ended: Promise.reject(fault()), cancel: () => {} }) };
  const host = new Host({
    slots: 2,
    warmTarget: 0,
    epoch: randomUUID(),
    agentVersion: "0",
    inventory: {} as Inventory,
    proof: {} as SandboxProof,
    pool: {} as Pool,
    drivers: { node: driver, noop: driver },
    doubt: () => {},
    warmDigests: () => [],
    logger: createLogger({ app: "test", level: "silent" }),
  });
  /** Everything that waits to be said. */
  const said = (): HostFrame[] => {
    const frames: HostFrame[] = [];
    for (let frame = host.next(); frame; frame = host.next()) frames.push(frame);
    return frames;
  };
  const free = () => said().flatMap((frame) => (frame.t === "credit" ? frame.slots.map((slot) => slot.free) : []));
  return { host, said, free };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a host whose own fault gave a run back offers no slot until it has rested; any other return costs it none", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout"] });
  try {
    const { host, free } = open(() => new GivenBack("I believe nobody", { restMs: 15_000 }));
    expect(free()).toEqual([2]);
    host.receive({ t: "work", leases: [lease] });
    await settled();
    expect(free().at(-1)).toBe(0);
    vi.advanceTimersByTime(14_999);
    expect(free()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(free()).toEqual([2]);

    const other = open(() => new GivenBack("the network"));
    other.host.receive({ t: "work", leases: [lease] });
    await settled();
    expect(other.free().at(-1)).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
