/**
 * A channel: a name that resolves to one version, or to two while a rollout runs. Pure: which of them a key gets.
 *
 *   stable alone                 every key gets it
 *   stable and canary            a key whose hash falls below the weight gets the canary, the others the stable version, which is their baseline
 *   canary alone                 the first version of a channel: there is nothing else to give
 *   neither                      nothing runs
 *
 * A version that was revoked is never given. The hash depends on the rollout and the key and on nothing else, so a key that met the canary at
 * 10 % meets it at 50 %; and on the rollout, so that not the same people meet every canary.
 */
import { createHash } from "node:crypto";

/** Weights are parts of this. */
export const WHOLE = 10_000;

export type Cohort = "baseline" | "canary";

/** What runs of the rollout's present step are judged by, pinned when they are submitted. */
export type Judgement = { readonly step: number; readonly slowMs: number | null; readonly dearMicros: number | null };
export type Judged = Judgement & { readonly rolloutId: string; readonly cohort: Cohort };

export type ChannelVersion = { readonly id: string; readonly revoked: boolean };

export type ChannelState = {
  readonly id: string;
  readonly stable: ChannelVersion | null;
  readonly canary: ChannelVersion | null;
  /** Of {@link WHOLE}. */
  readonly canaryWeight: number;
  readonly rolloutId: string | null;
  readonly judgement: Judgement | null;
};

export type Resolution = {
  readonly versionId: string;
  readonly cohort: Cohort | null;
  readonly stickyHash: bigint;
  readonly judged: Judged | null;
};

/** The first eight bytes of SHA-256 over salt, zero and key, as PostgreSQL keeps them: a signed number. */
export function stickyHashOf(salt: string, key: string): bigint {
  return createHash("sha256").update(`${salt}\u0000${key}`).digest().readBigInt64BE(0);
}

/** The share of keys below the weight is the weight, and who is below a smaller one is below a larger one. */
export function isCanary(stickyHash: bigint, canaryWeight: number): boolean {
  return BigInt.asUintN(64, stickyHash) % BigInt(WHOLE) < BigInt(canaryWeight);
}

/** Null when there is no version that this key may get. */
export function resolve(channel: ChannelState, key: string): Resolution | null {
  const { stable, canary, canaryWeight, rolloutId, judgement } = channel;
  const stickyHash = stickyHashOf(rolloutId ?? channel.id, key);
  const open = canary !== null && !canary.revoked;
  const asCanary = open && (stable === null || isCanary(stickyHash, canaryWeight));
  const version = asCanary ? canary : stable;
  if (version === null || version.revoked) return null;
  // Whoever gets the stable version because the canary is gone was not assigned to it: no evidence.
  const cohort: Cohort | null = open && rolloutId !== null ? (asCanary ? "canary" : "baseline") : null;
  const judged = cohort === null || rolloutId === null || judgement === null ? null : { ...judgement, rolloutId, cohort };
  return { versionId: version.id, cohort, stickyHash, judged };
}
