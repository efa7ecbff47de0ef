/** What a run used, as the gateway counts it. */
import type { RunUsage } from "@agent-factory/protocol";
import type { Ending } from "../pool/execution.ts";

/** `cpuMs` and `memoryBytesPeak` are the kernel's figures for the run's cgroup; without a cgroup they are 0, which means unknown. */
export function usageOf(ending: Ending, handOut: { handOutMs: number; warm: boolean }, bytesDroppedOutside: number): RunUsage {
  return {
    durationMs: round(ending.durationMs),
    cpuMs: round(ending.usage.cpuMs),
    memoryBytesPeak: ending.usage.memoryBytesPeak,
    handOutMs: round(handOut.handOutMs),
    warm: handOut.warm,
    logBytes: ending.logBytes,
    logBytesDropped: ending.logBytesDropped + bytesDroppedOutside,
  };
}

export const NOTHING_USED: RunUsage = {
  durationMs: 0,
  cpuMs: 0,
  memoryBytesPeak: 0,
  handOutMs: 0,
  warm: false,
  logBytes: 0,
  logBytesDropped: 0,
};

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
