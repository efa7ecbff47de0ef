import type { Manifest } from "./schema.ts";
import { parseCpu, parseDuration, parseMemory } from "./units.ts";

/** What holds when a manifest does not say. The digest never sees these: it is over what was written. */
export const defaultLimits = { timeout: "30s", maxAttempts: 3, concurrency: 20, cpu: "500m", memory: "256Mi" } as const;

export type EffectiveLimits = {
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly concurrency: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
};

/** The manifest's limits with the defaults in place and the units folded. */
export function limitsOf(manifest: Manifest): EffectiveLimits {
  const { limits = {}, resources = {} } = manifest.spec;
  return {
    timeoutMs: Math.max(1, parseDuration(limits.timeout ?? defaultLimits.timeout) ?? 0),
    maxAttempts: limits.maxAttempts ?? defaultLimits.maxAttempts,
    concurrency: limits.concurrency ?? defaultLimits.concurrency,
    cpuMillis: Math.max(1, parseCpu(resources.cpu ?? defaultLimits.cpu) ?? 0),
    memoryBytes: Math.max(1, parseMemory(resources.memory ?? defaultLimits.memory) ?? 0),
  };
}
