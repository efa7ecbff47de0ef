/**
 * A host as the registry sees it. Pure: standing in, standing out.
 *
 *   enrolling   the certificate is issued, the agent has not said hello    -> ready, drained
 *   ready       said hello with a sandbox proof; is given work             -> cordoned, draining, drained, lost
 *   cordoned    keeps what it runs, is given nothing new; ends by hand or at `resumeAt`   -> ready | lost, draining
 *   draining    finishes what it runs, is given nothing new                -> drained, ready (uncordon)
 *   drained     runs nothing; by an operator's drain it stays so until uncordoned, by the agent's own stop until its next hello
 *   lost        was silent for longer than {@link SILENCE_MS}              -> ready (hello)
 *
 * A cordoned or drained host stays so while it is silent or restarts: a person decided it. Revocation is not a state but a
 * moment (`revokedAt`): from then on the host's certificate is refused for good.
 */
import type { SandboxProof } from "@agent-factory/protocol";

export type HostState = "enrolling" | "ready" | "draining" | "drained" | "cordoned" | "lost";

export type Standing = { readonly state: HostState; readonly stateReason: string | null; readonly resumeAt: Date | null };

export type HostEvent =
  | { readonly type: "hello" }
  | { readonly type: "cordon"; readonly reason: string; readonly resumeAt: Date | null }
  /** By hand, or because `resumeAt` has passed. `silent`: nothing heard for {@link SILENCE_MS}. */
  | { readonly type: "uncordon"; readonly silent: boolean }
  | { readonly type: "drain"; readonly reason: string }
  /** The agent says that it runs nothing any more and takes nothing. */
  | { readonly type: "drained" }
  | { readonly type: "silent" };

/** A host is lost after this long without a word. */
export const SILENCE_MS = 10_000;
/** A clock further off than this makes certificates and logs meaningless: refused. */
export const CLOCK_SKEW_MS_MAX = 5 * 60_000;

/** Reasons of ours, in `stateReason`; anything else there is what a person wrote. */
export const STOPPED = "agent-stopped";
export const SILENT = "silent";

/** What becomes of the host; null when the event changes nothing or may not happen in this state. */
export function advance(standing: Standing, event: HostEvent): Standing | null {
  const { state } = standing;
  switch (event.type) {
    case "hello":
      if (state === "enrolling" || state === "lost" || (state === "drained" && standing.stateReason === STOPPED)) return at("ready");
      return null;
    case "cordon":
      if (state === "draining" || state === "drained" || state === "enrolling") return null;
      return { state: "cordoned", stateReason: event.reason, resumeAt: event.resumeAt };
    case "uncordon":
      if (state !== "cordoned" && state !== "draining" && state !== "drained") return null;
      return event.silent ? at("lost", SILENT) : at("ready");
    case "drain":
      if (state === "draining" || state === "drained" || state === "enrolling") return null;
      // Nobody is there to finish anything: what a lost host held is taken back when its leases end.
      return at(state === "lost" ? "drained" : "draining", event.reason);
    case "drained":
      if (state === "draining") return at("drained", standing.stateReason);
      return state === "ready" || state === "lost" || state === "enrolling" ? at("drained", STOPPED) : null;
    case "silent":
      if (state === "ready") return at("lost", SILENT);
      return state === "draining" ? at("drained", standing.stateReason) : null;
  }
}

function at(state: HostState, stateReason: string | null = null): Standing {
  return { state, stateReason, resumeAt: null };
}

export function isSilent(lastSeenAt: Date | null, now: Date): boolean {
  return lastSeenAt === null || now.getTime() - lastSeenAt.getTime() > SILENCE_MS;
}

/** Properties a sandbox must hold to count as proven; a proof that leaves one out proves nothing. */
const PROPERTIES = ["network", "write", "syscall", "memory", "pids", "proc-sys", "uid"] as const;

/** `unproven` says which properties are missing, in words for the operator. */
export type Isolation =
  | { readonly verdict: "proven" | "opted-out" }
  | { readonly verdict: "unproven"; readonly missing: readonly string[] };

/**
 * What the host's proof is worth. Fail-closed: a host that says `proven` while a property did not hold, or was never tried, is
 * unproven. `opted-out` is the operator's explicit choice and is recorded as such.
 */
export function assessProof(proof: SandboxProof): Isolation {
  if (proof.verdict === "opted-out") return { verdict: "opted-out" };
  const held = new Map(proof.properties.map(({ name, held }) => [name, held]));
  const missing = [
    ...PROPERTIES.filter((name) => held.get(name) !== true),
    ...proof.properties.filter(({ name, held }) => !held && !(PROPERTIES as readonly string[]).includes(name)).map(({ name }) => name),
  ];
  return missing.length === 0 && proof.driver === "bubblewrap" ? { verdict: "proven" } : { verdict: "unproven", missing };
}
