/** Why a rollout stands where it stands, read from what the registry keeps. Pure. */
import type { MetricName, RolloutRow } from "./rollout-view.ts";

export type Reason =
  | { readonly kind: "breached"; readonly metric: MetricName }
  | { readonly kind: "deadline" | "too-few-samples" | "baseline-revoked" | "canary-revoked" | "no-valid-version" | "aborted" }
  /** Somebody's own words. */
  | { readonly kind: "words"; readonly words: string };

const KNOWN = ["deadline", "too-few-samples", "baseline-revoked", "canary-revoked", "no-valid-version", "aborted"] as const;
const METRICS: readonly string[] = ["failed", "slow", "dear"] satisfies readonly MetricName[];

export function reasonOf(stateReason: RolloutRow["stateReason"]): Reason | null {
  if (stateReason === null) return null;
  const metric = /^breached:(\w+)$/.exec(stateReason)?.[1];
  if (metric !== undefined && METRICS.includes(metric)) return { kind: "breached", metric: metric as MetricName };
  const known = KNOWN.find((one) => one === stateReason);
  return known ? { kind: known } : { kind: "words", words: stateReason };
}
