/**
 * One run. Pure: what becomes of it when a host loses it or reports on it, and why it waits.
 *
 *   queued     waits for a host, not before `notBefore`      -> leased (fence + 1), cancelled (by a person, or its version was revoked)
 *   leased     given to one host until `leaseExpiresAt`      -> running, queued (refused: same attempt; lost: attempt + 1), succeeded, failed, cancelled, dead
 *   running    the host reported its start                   -> queued (lost: attempt + 1), succeeded, failed, cancelled, dead
 *   succeeded, failed, cancelled, dead                       final: nothing leaves them, so a run is counted once
 *
 * A run on a channel that got the canary and failed there, or died there, does not end: that attempt is counted against the canary, and the run
 * is `queued` again for the channel's stable version (attempt + 1, no longer evidence for anything), once. What is still queued when its canary
 * ends is given the stable version where it waits.
 *
 * The fence rises with every lease. Whoever speaks of a run must name its attempt and its fence and be its host: anybody else
 * is refused. Only the loss of a host or of a sandbox is tried again; an exception in the template's code is an answer, and so is a
 * host's refusal (`integrity`): a damaged store fails everywhere, and a host fetches anew before it refuses.
 */
import type { RunError, RunResult } from "@agent-factory/protocol";

export const runStates = ["queued", "leased", "running", "succeeded", "failed", "cancelled", "dead"] as const;
export type RunState = (typeof runStates)[number];

/** Leases end this long after the last heartbeat that named them. */
export const LEASE_MS = 10_000;

const BACKOFF_MS_FIRST = 500;
const BACKOFF_MS_MAX = 60_000;
/** A run that a host gave back rests so long, so that it does not bounce between the queue and the same host. */
export const REFUSED_MS = 1_000;

/** The state reason of a run that ends, or shall end, because its version may not run any more. */
export const VERSION_REVOKED = "version-revoked";

export function isFinal(state: RunState): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "dead";
}

/** What a run that lost its host (or its sandbox) becomes. */
export type Loss =
  | { readonly to: "queued"; readonly attempt: number; readonly delayMs: number }
  | { readonly to: "dead" }
  | { readonly to: "cancelled" };

/** `random` in [0, 1). Somebody who asked for its end gets it, whatever attempts are left. */
export function decideLoss(run: { attempt: number; maxAttempts: number; cancelRequested: boolean }, random: number): Loss {
  if (run.cancelRequested) return { to: "cancelled" };
  if (run.attempt >= run.maxAttempts) return { to: "dead" };
  return { to: "queued", attempt: run.attempt + 1, delayMs: backoffMs(run.attempt, random) };
}

/**
 * Exponential backoff with "equal jitter": half fixed, half random, so that runs lost together do not come back together
 * (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(attempt - 1, 20));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** How a reported result is taken: as the run's end, or as the loss of this attempt. */
export type Verdict =
  | { readonly as: "end"; readonly state: "succeeded" | "failed" | "cancelled"; readonly error: RunError | null }
  | { readonly as: "loss"; readonly error: RunError };

/**
 * A host that cancels on its own account (it stops, it lost the lease) has lost the run: nobody asked for that end. A host that heard of
 * the revocation of a run's version by itself refuses it: that is the end that was asked for, and no damage.
 */
export function judgeResult(
  result: Pick<RunResult, "outcome" | "error">,
  run: { readonly cancelRequested: boolean; readonly revoked: boolean },
): Verdict {
  if (result.outcome === "succeeded") return { as: "end", state: "succeeded", error: null };
  if (run.revoked && result.error?.check === "not-revoked") return { as: "end", state: "cancelled", error: null };
  if (result.outcome === "cancelled") {
    if (run.cancelRequested) return { as: "end", state: "cancelled", error: null };
    return { as: "loss", error: { kind: "sandbox-lost", message: "The host stopped the run before it ended", stack: [] } };
  }
  const error = result.error ?? { kind: "internal" as const, message: "The host reported a failure without saying which", stack: [] };
  return error.kind === "sandbox-lost" ? { as: "loss", error } : { as: "end", state: "failed", error };
}

/**
 * Whether a run that failed or died is moved to the stable version of its channel instead. `stableVersionId` null: there is none that may run;
 * the same as the run's: the canary has become it meanwhile.
 */
export function isMoved({ judged, versionId, cancelRequested }: MayMove, stableVersionId: string | null): boolean {
  return judged?.cohort === "canary" && !cancelRequested && stableVersionId !== null && stableVersionId !== versionId;
}

export type MayMove = {
  readonly judged: { readonly cohort: "baseline" | "canary" } | null;
  readonly versionId: string | null;
  readonly cancelRequested: boolean;
};

/** Why a result changed nothing. */
export type Refusal = "unknown-run" | "lease-lost" | "already-ended";

/** A result that met no lease of its own: the same words again (accepted, counted before), or words about somebody else's run. */
export function judgeStranger(
  run: { state: RunState; attempt: number; fence: number; hostId: string | null } | null,
  said: { attempt: number; fence: number; hostId: string },
): { accepted: true } | { accepted: false; reason: Refusal } {
  if (!run) return { accepted: false, reason: "unknown-run" };
  const same = run.attempt === said.attempt && run.fence === said.fence && run.hostId === said.hostId;
  if (same && isFinal(run.state)) return { accepted: true };
  return { accepted: false, reason: isFinal(run.state) ? "already-ended" : "lease-lost" };
}

/** Why a queued run is not being worked on, for its owner. The console owns the sentences. */
export type Waiting = {
  readonly code: "no-host" | "no-free-slot" | "backoff" | "behind" | "host-cordoned" | "unknown";
  readonly details: Readonly<Record<string, string | number | null>>;
};

export type QueueFacts = {
  readonly notBefore: Date;
  readonly attempt: number;
  /** Hosts that serve the tenant and have the capabilities, by state. */
  readonly hosts: readonly { readonly state: string; readonly hosts: number; readonly slotsFree: number }[];
  /** Runs that come before this one in the same queue. */
  readonly ahead: number;
};

export function explainWaiting(facts: QueueFacts, now: Date): Waiting {
  const count = (state: string) => facts.hosts.filter((host) => host.state === state).reduce((sum, { hosts }) => sum + hosts, 0);
  const ready = count("ready");
  if (ready === 0) {
    const cordoned = count("cordoned") + count("draining") + count("drained");
    if (cordoned > 0) return { code: "host-cordoned", details: { hosts: cordoned } };
    return { code: "no-host", details: { lost: count("lost") } };
  }
  const waitMs = facts.notBefore.getTime() - now.getTime();
  if (waitMs > 0) return { code: "backoff", details: { until: facts.notBefore.toISOString(), waitMs, attempt: facts.attempt } };
  const free = facts.hosts.filter(({ state }) => state === "ready").reduce((sum, { slotsFree }) => sum + slotsFree, 0);
  if (free === 0) return { code: "no-free-slot", details: { readyHosts: ready, ahead: facts.ahead } };
  if (facts.ahead > 0) return { code: "behind", details: { ahead: facts.ahead } };
  return { code: "unknown", details: { readyHosts: ready } };
}

/** PostgreSQL cannot store NUL, and JSON columns refuse lone surrogates; text from a sandbox may hold either. */
export function storable(text: string): string {
  return text.replaceAll("\u0000", "\uFFFD").toWellFormed();
}
