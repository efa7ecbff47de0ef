/**
 * Warm hand-out against a cold start of the same sandbox.
 *
 * `warm-create-ms-*`: from the call of `pool.create(job)` to its promise, which resolves when the template's code is loaded in the
 * sandbox: limits written to the cgroup, code (one module of 4 KiB) and input sent, files written, module imported, the sandbox's
 * word read back. The peer is the same call with nothing warm: it adds starting bubblewrap, Node and our program. Both in the
 * same rounds, one after the other. The pool refills between the rounds, never during a measured call.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBubblewrapDriver } from "../apps/runtime-agent/src/pool/bubblewrap-sandbox.ts";
import type { Job } from "../apps/runtime-agent/src/pool/execution.ts";
import { createPool, type Pool } from "../apps/runtime-agent/src/pool/pool.ts";
import type { Bench, Row } from "../scripts/bench.ts";

const WARM_TARGET = 4;
const ROUNDS = 60;
/** So many are taken in a burst each round, back to back. */
const BURST = 3;

function job(): Job {
  return {
    run: { id: "00000000-0000-4000-8000-000000000000", attempt: 1 },
    entry: "default",
    files: [{ path: "index.mjs", bytes: Buffer.from(`export default (input) => input;\n// ${"x".repeat(4096)}\n`) }],
    input: Buffer.from(JSON.stringify({ lines: ["one", "two"] })),
    limits: { timeoutMs: 10_000, memoryBytes: 256 * 2 ** 20, cpuMillis: 1000, pids: 64, logBytes: 65_536, outputBytes: 65_536 },
    onPrint: () => {},
  };
}

async function timeCreate(pool: Pool): Promise<{ ms: number; warm: boolean }> {
  const asked = performance.now();
  const { execution, warm } = await pool.create(job());
  const ms = performance.now() - asked;
  const ending = await execution.ended;
  if (ending.outcome !== "succeeded") throw new Error(`the benchmark's run ended ${ending.error?.kind}: ${ending.error?.message}`);
  return { ms, warm };
}

const percentile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

async function run(): Promise<Row[]> {
  const stateDir = mkdtempSync(join(tmpdir(), "bench-handout-"));
  const logger = { info: () => {}, warn: console.error, error: console.error } as never;
  const warmPool = createPool({ driver: await createBubblewrapDriver({ stateDir }), warmTarget: WARM_TARGET, logger });
  const coldPool = createPool({ driver: await createBubblewrapDriver({ stateDir: join(stateDir, "cold") }), warmTarget: 0, logger });
  const warm: number[] = [];
  const cold: number[] = [];
  try {
    warmPool.start();
    for (let round = -3; round < ROUNDS; round += 1) {
      await warmPool.whenWarm();
      for (let i = 0; i < BURST; i += 1) {
        const taken = await timeCreate(warmPool);
        if (!taken.warm) throw new Error("the warm pool had none ready");
        if (round >= 0) warm.push(taken.ms);
      }
      await warmPool.whenWarm();
      const started = await timeCreate(coldPool);
      if (round >= 0) cold.push(started.ms);
    }
  } finally {
    await Promise.all([warmPool.close(), coldPool.close()]);
    rmSync(stateDir, { recursive: true, force: true });
  }
  const coldMedian = percentile(cold, 0.5);
  const row = (metric: string, ours: number): Row => ({
    bench: "handout",
    metric,
    ours,
    peer: "cold start of the same sandbox, median",
    peerValue: coldMedian,
    ratio: ours / coldMedian,
    unit: "ms",
    better: "lower",
  });
  return [row("warm-create-ms-p50", percentile(warm, 0.5)), row("warm-create-ms-p99", percentile(warm, 0.99))];
}

export const bench: Bench = { name: "handout", run };
