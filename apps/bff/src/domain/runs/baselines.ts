/** Canary attempts that are over, inside the transaction that ends them: which of them go on with the stable version of their channel. */
import type { Lease, RunError } from "@agent-factory/protocol";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Channels, Pins } from "../channels/channels.ts";
import { moveToBaseline, type RowPins, type ToBaseline } from "./baseline-store.ts";
import { isMoved } from "./run.ts";
import { type Move, moveRuns, type RunFacts } from "./run-store.ts";

const LOG_BYTES_MAX = 1024 * 1024;
const PIDS_MAX = 64;

/** A version's limits as a lease names them. */
export function ledgerLimits(limits: { timeoutMs: number; memoryBytes: number; cpuMillis: number }, outputBytes: number): Lease["limits"] {
  const { timeoutMs, memoryBytes, cpuMillis } = limits;
  return { timeoutMs, memoryBytes, cpuMillis, pids: PIDS_MAX, logBytes: LOG_BYTES_MAX, outputBytes };
}

export function rowPins(pins: Pins, outputBytes: number): RowPins {
  return { ...pins, ledgerLimits: ledgerLimits(pins.limits, outputBytes) };
}

/** What the channels of some runs answer now, held until the transaction ends. Ask before you lock runs. */
export type Baselines = ReadonlyMap<string, { readonly canaryVersionId: string | null; readonly pins: Pins | null }>;

export async function readBaselines(
  tx: FastTransaction,
  channels: Pick<Channels, "baseline">,
  runs: Iterable<Pick<RunFacts, "channelId" | "judged"> | undefined>,
): Promise<Baselines> {
  const ids = new Set<string>();
  for (const run of runs) if (run?.channelId != null && run.judged?.cohort === "canary") ids.add(run.channelId);
  const found = new Map<string, { canaryVersionId: string | null; pins: Pins | null }>();
  for (const id of [...ids].sort()) found.set(id, await channels.baseline(tx, id));
  return found;
}

/** Where a run whose canary attempt failed or died goes on; null when that is its end. */
export function baselineOf(run: RunFacts, baselines: Baselines): Pins | null {
  const pins = (run.channelId !== null && baselines.get(run.channelId)?.pins) || null;
  return isMoved(run, pins?.versionId ?? null) ? pins : null;
}

export function toBaseline(
  run: RunFacts,
  pins: Pins,
  ended: { state: "failed" | "dead"; error: RunError | null; usage: unknown },
  now: Date,
): ToBaseline {
  return {
    runId: run.id,
    ended,
    attempt: run.attempt + 1,
    notBefore: now,
    reason: `canary-${ended.state}`,
    to: rowPins(pins, run.limits.outputBytes),
  };
}

/**
 * Carries out what became of locked runs that left their host without an end. Who would die of the canary goes on without it; who is
 * queued again while its canary is gone waits for the stable version.
 */
export async function carryOut(
  tx: FastTransaction,
  moves: readonly Move[],
  runs: readonly RunFacts[],
  baselines: Baselines,
  now: Date,
): Promise<{ requeued: boolean }> {
  const known = new Map(runs.map((run) => [run.id, run]));
  const staying: Move[] = [];
  const moving: ToBaseline[] = [];
  for (const move of moves) {
    const run = known.get(move.runId);
    const pins = run ? baselineOf(run, baselines) : null;
    const isGone = run && baselines.get(run.channelId ?? "")?.canaryVersionId !== run.versionId;
    if (run && pins && move.state === "dead")
      moving.push(toBaseline(run, pins, { state: "dead", error: move.error as RunError, usage: null }, now));
    else if (run && pins && move.state === "queued" && isGone) {
      const to = rowPins(pins, run.limits.outputBytes);
      moving.push({ runId: run.id, ended: null, attempt: move.attempt, notBefore: move.notBefore, reason: "canary-gone", to });
    } else staying.push(move);
  }
  await moveRuns(tx, staying, now);
  await moveToBaseline(tx, moving, now);
  return { requeued: moving.length > 0 || staying.some(({ state }) => state === "queued") };
}
