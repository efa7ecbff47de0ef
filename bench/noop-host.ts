/**
 * A real host (its link, its outbox, its accounts) whose sandbox does nothing, in this process: what is left of a run is the registry, the
 * gateway, the link and the host. Says when each run reached its handler and when its end was acknowledged.
 */
import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import type { Lease, SandboxProof } from "@agent-factory/protocol";
import { until } from "@agent-factory/testkit/child-process";
import { noopDriver } from "../apps/runtime-agent/src/drivers/noop.ts";
import { Host } from "../apps/runtime-agent/src/host.ts";
import type { Pool } from "../apps/runtime-agent/src/pool/pool.ts";
import { enrol } from "../apps/runtime-agent/src/uplink/enrolment.ts";
import { createLink } from "../apps/runtime-agent/src/uplink/link.ts";

const PROPERTIES = ["network", "write", "syscall", "memory", "cpu", "pids", "proc-sys", "uid", "namespace"] as const;

export type NoopHost = {
  /** Runs whose end the registry has written and acknowledged. */
  acknowledged(): number;
  close(): Promise<void>;
};

export async function startNoopHost(options: {
  gatewayUrl: string;
  joinToken: string;
  slots: number;
  onStart: (lease: Lease) => void;
}): Promise<NoopHost> {
  const { gatewayUrl, joinToken, slots, onStart } = options;
  const identity = await enrol({ gatewayUrl, token: joinToken });
  const logger = createLogger({ app: "bench", level: "warn" });
  const accounts = { warm: slots, handOutMsP50: 0, handOutMsP99: 0, warmHits: 0, warmMisses: 0 };
  const proof: SandboxProof = {
    provenAt: Date.now(),
    driver: "bubblewrap",
    cgroup: "v2",
    uid: 65534,
    properties: PROPERTIES.map((name) => ({ name, held: true, evidence: "nothing runs here" })),
    verdict: "proven",
  };
  const host = new Host({
    slots,
    warmTarget: 0,
    epoch: randomUUID(),
    agentVersion: "0.0.0-bench",
    inventory: { os: "linux", arch: "x64", node: process.versions.node, cpus: 2, memoryBytes: 2 ** 30, gpus: [] },
    proof,
    pool: { accounts: () => accounts } as Pool,
    drivers: {
      node: { start: () => Promise.reject(new Error("no code runs here")) as never },
      noop: {
        start: (lease, log, onStarted) => {
          onStart(lease);
          return noopDriver.start(lease, log, onStarted);
        },
      },
    },
    doubt: () => undefined,
    warmDigests: () => [],
    logger,
  });
  let acknowledged = 0;
  let ended: string | null = null;
  const link = createLink({
    gatewayUrl,
    identity,
    logger,
    hello: () => host.hello(),
    heartbeat: () => host.heartbeat(),
    onWelcome: ({ protocol }) => host.welcome(protocol),
    onFrame: (frame) => {
      if (frame.t === "ack") for (const { accepted } of frame.results) acknowledged += accepted ? 1 : 0;
      host.receive(frame);
    },
    next: () => host.next(),
    onState: () => undefined,
    onEnd: ({ message }) => {
      ended = message;
    },
    onIdentity: () => undefined,
  });
  host.attach(link);
  link.start();
  await until("the host is linked", () => link.state() === "linked", { timeoutMs: 15_000, failed: () => ended });
  return {
    acknowledged: () => acknowledged,
    close: async () => {
      await host.close(5_000);
      await link.close("the benchmark is over");
    },
  };
}
