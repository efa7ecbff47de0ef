/** A host without pool and link, for tests of what it promises and says. Imported by tests only. */
import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import type { HostFrame, Lease, SandboxProof } from "@agent-factory/protocol";
import type { Inventory } from "./devices/devices.ts";
import type { Driver, DriverRun } from "./drivers/driver.ts";
import { Host } from "./host.ts";
import type { Pool } from "./pool/pool.ts";

/** Two slots; every run ends as `ended` says. */
export function createTestHost(ended: () => DriverRun["ended"]) {
  const driver: Driver = { start: () => ({ ended: ended(), cancel: () => {} }) };
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
  /** Takes everything that waits to be said, and gives what is of this type. */
  const said = <T extends HostFrame["t"]>(type: T): (HostFrame & { t: T })[] => {
    const frames: HostFrame[] = [];
    for (let frame = host.next(); frame; frame = host.next()) frames.push(frame);
    return frames.filter((frame): frame is HostFrame & { t: T } => frame.t === type);
  };
  return { host, said };
}

export const testLease: Lease = {
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
};

/** What a host does at an end, it does in the same turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
