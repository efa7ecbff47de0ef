/**
 * The hosts' half of the ledger: lease, start, log, finish, give back, extend. Called by the gateway for a host that proved who
 * it is. Nothing here is audited: leases and ends are fenced and recorded as run events in the same transaction.
 *
 * Doorbells ring after the commit and are never waited for: whoever listens also polls.
 */
import type { Readable } from "node:stream";
import type { Hold, HostFrame, Lease, RunError, RunResult } from "@agent-factory/protocol";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { HostActor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import type { Channels } from "../channels/channels.ts";
import { Failure } from "../failure.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { moveToBaseline, type ToBaseline } from "./baseline-store.ts";
import { baselineOf, carryOut, readBaselines, toBaseline } from "./baselines.ts";
import { appendEntries, type LogEntry } from "./log-store.ts";
import type { OutputJudge } from "./output.ts";
import { decideLoss, judgeResult, judgeStranger, LEASE_MS, type Loss, REFUSED_MS, storable, VERSION_REVOKED } from "./run.ts";
import {
  type CancelAsked,
  type Ending,
  endRuns,
  extendLeases,
  findCancelRequested,
  findFacts,
  findHeld,
  type LeasedRow,
  leaseRuns,
  lockHeld,
  lockHeldBy,
  type Move,
  markStarted,
  type RunFacts,
  recordOutput,
} from "./run-store.ts";

export type Started = Extract<HostFrame, { t: "started" }>["runs"][number];
export type Refused = Extract<HostFrame, { t: "refuse" }>["runs"][number];
export type Ack = Hold & { readonly accepted: boolean; readonly reason: string | null };
export type Cancel = Hold & { readonly reason: "requested" | "lease-lost" | "revoked" };

export type Leases = {
  /** A lease ends this long after the host last named it. */
  readonly leaseMs: number;
  /** Up to `max` runs become this host's, best first. Empty when nothing waits, or when the host may be given nothing. */
  lease(host: HostActor, input: { max: number }): Promise<Lease[]>;
  started(host: HostActor, runs: readonly Started[]): Promise<void>;
  /**
   * Ends runs. Each is judged by its fence: a run ends once, whoever says so how often. The same words again are acknowledged as
   * accepted; words about somebody else's lease are not. A host that refused to run a version is told of: outbox `run.refused`.
   */
  finish(host: HostActor, results: readonly RunResult[]): Promise<Ack[]>;
  /** Takes runs back that the host did not start; they keep their attempt. */
  refuse(host: HostActor, runs: readonly Refused[]): Promise<void>;
  appendLogs(host: HostActor, entries: readonly LogEntry[]): Promise<void>;
  /** Extends what the host works on; answers what it shall stop. */
  extend(host: HostActor, holding: readonly Hold[]): Promise<Cancel[]>;
  /**
   * After `hello`. A host that restarted lost what it held: it is tried again. One that only reconnected keeps what it names;
   * what it does not name never reached it. Answers what it shall stop.
   */
  reconnect(host: HostActor, input: { newEpoch: boolean; holding: readonly Hold[] }): Promise<Cancel[]>;
  /** What this host shall stop because somebody asked. */
  cancellations(host: HostActor): Promise<Cancel[]>;
  /**
   * Bytes that a lease held by this host names, hashed before the first of them is given. Failures: `runs.lease-lost`,
   * `runs.blob-unnamed`, `blob.missing`, `blob.corrupt`.
   */
  openBlob(host: HostActor, hold: Hold, digest: string): Promise<{ stream: Readable; sizeBytes: number }>;
  /** Stores an output of a run this host holds. Failures: `runs.lease-lost`, `blob.too-large`. */
  storeOutput(host: HostActor, hold: Hold, bytes: AsyncIterable<Buffer>): Promise<{ digest: string; sizeBytes: number }>;
};

export type LeaseParts = {
  readonly fastDatabase: FastDatabase;
  readonly channels: Pick<Channels, "baseline">;
  readonly fleet: Pick<Fleet, "serving">;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly judgeOutput: OutputJudge;
  readonly ring: { runs(runIds: readonly string[]): void; work(): void };
  readonly random: () => number;
};

export function createLeases({ fastDatabase, channels, fleet, blobs, clock, judgeOutput, ring, random }: LeaseParts): Leases {
  const requireHeld = async (host: HostActor, hold: Hold) => {
    const held = await findHeld(fastDatabase.system, host.id, hold);
    if (!held) throw leaseLost(hold);
    return held;
  };

  /** Judges results that claim an end; those of runs the host no longer holds are judged by `strangers` afterwards. */
  const endingOf = async (result: RunResult, run: RunFacts | undefined): Promise<{ ending: Ending } | { loss: RunError } | null> => {
    if (!run) return null;
    const verdict = judgeResult(result, run);
    if (verdict.as === "loss") return { loss: verdict.error };
    const judged = verdict.state === "succeeded" ? await judgeOutput(run, result.output) : { output: null, error: verdict.error };
    const state = judged.error && verdict.state === "succeeded" ? "failed" : verdict.state;
    return { ending: { ...holdOf(result), state, error: storableError(judged.error), output: judged.output, usage: result.usage } };
  };

  return {
    leaseMs: LEASE_MS,

    lease: async (host, { max }) => {
      const now = clock.now();
      const until = new Date(now.getTime() + LEASE_MS);
      const rows = await fastDatabase.asSystem(async (tx) => {
        const serving = await fleet.serving(tx, host.id);
        return serving ? leaseRuns(tx, { ...serving, id: host.id, name: host.name }, { max, now, until }) : [];
      });
      if (rows.length > 0) ring.runs(rows.map(({ id }) => id));
      return rows.map((row) => leaseOf(row, until));
    },

    started: async (host, runs) => {
      await fastDatabase.asSystem((tx) => markStarted(tx, host.id, runs, clock.now()));
      ring.runs(runs.map(({ runId }) => runId));
    },

    finish: async (host, results) => {
      const now = clock.now();
      const facts = await findFacts(
        fastDatabase.system,
        results.map(({ runId }) => runId),
      );
      // Outputs are judged before any row is locked: a large one may take a while.
      const endings: Ending[] = [];
      const losses = new Map<string, { hold: Hold; error: RunError }>();
      for (const result of results) {
        const run = facts.get(result.runId);
        const judged = run && holds(run, host.id, result) ? await endingOf(result, run) : null;
        if (judged && "ending" in judged) endings.push(judged.ending);
        if (judged && "loss" in judged) losses.set(result.runId, { hold: holdOf(result), error: judged.loss });
      }
      const { acks, requeued } = await fastDatabase.asSystem(async (tx) => {
        const baselines = await readBaselines(tx, channels, facts.values());
        const mayMove = endings.filter(({ runId, state }) => {
          const run = facts.get(runId);
          return state === "failed" && run !== undefined && baselineOf(run, baselines) !== null;
        });
        const failed = new Map(mayMove.map((ending) => [ending.runId, ending]));
        const going = failed.size === 0 ? [] : await lockHeld(tx, host.id, mayMove);
        // Once locked they are what they are: one whose end was asked for meanwhile ends.
        const moving = going.flatMap((run): ToBaseline[] => {
          const [pins, ending] = [baselineOf(run, baselines), failed.get(run.id)];
          return pins && ending ? [toBaseline(run, pins, { state: "failed", error: ending.error, usage: ending.usage }, now)] : [];
        });
        await moveToBaseline(tx, moving, now);
        const movedOn = new Set(moving.map(({ runId }) => runId));
        const ended = await endRuns(
          tx,
          host.id,
          endings.filter(({ runId }) => !movedOn.has(runId)),
          now,
        );
        for (const { runId, ended: attempt } of moving) ended.set(runId, attempt?.error ?? null);
        for (const [runId, error] of ended) {
          const run = facts.get(runId);
          if (run?.semver && error?.kind === "integrity") await addToOutbox(tx, refusalOf(run, error, host));
        }
        const lost =
          losses.size === 0
            ? []
            : await lockHeld(
                tx,
                host.id,
                [...losses.values()].map(({ hold }) => hold),
              );
        const moves = lost.map((run) => moveOf(run, "sandbox-lost", losses.get(run.id)?.error ?? null, now, random()));
        const { requeued } = await carryOut(tx, moves, lost, baselines, now);
        const counted = new Set([...ended.keys(), ...lost.map(({ id }) => id)]);
        const acks = await acksOf(tx, host.id, results, counted);
        return { acks, requeued: requeued || moving.length > 0 };
      });
      ring.runs(results.map(({ runId }) => runId));
      if (requeued) ring.work();
      return acks;
    },

    refuse: async (host, runs) => {
      const now = clock.now();
      await fastDatabase.asSystem(async (tx) => {
        const reasons = new Map(runs.map(({ runId, reason }) => [runId, reason]));
        const held = (await lockHeld(tx, host.id, runs)).filter(({ state }) => state === "leased");
        const rested = new Date(now.getTime() + REFUSED_MS);
        const moves = held.map((run) => backOf(run, storable(reasons.get(run.id) ?? "refused").slice(0, 200), rested));
        await carryOut(tx, moves, held, await readBaselines(tx, channels, held), now);
      });
      ring.runs(runs.map(({ runId }) => runId));
    },

    appendLogs: async (host, entries) => {
      if (entries.length === 0) return;
      const grown = await fastDatabase.asSystem((tx) => appendEntries(tx, host.id, entries, clock.now()));
      if (grown.length > 0) ring.runs(grown);
    },

    extend: async (host, holding) => {
      if (holding.length === 0) return [];
      const until = new Date(clock.now().getTime() + LEASE_MS);
      const extended = await fastDatabase.asSystem((tx) => extendLeases(tx, host.id, holding, until));
      return cancelsOf(holding, extended);
    },

    reconnect: async (host, { newEpoch, holding }) => {
      const now = clock.now();
      const until = new Date(now.getTime() + LEASE_MS);
      const { cancels, moved } = await fastDatabase.asSystem(async (tx) => {
        const named = new Set(newEpoch ? [] : holding.map(keyOf));
        const gone = (await lockHeldBy(tx, host.id)).filter(
          (run) => !named.has(keyOf({ runId: run.id, attempt: run.attempt, fence: run.fence })),
        );
        const moves = gone.map((run) =>
          // A new epoch may have run it before it died; a lease that an old epoch never heard of was surely not run.
          newEpoch || run.state === "running" ? moveOf(run, "host-restarted", null, now, random()) : backOf(run, "undelivered", now),
        );
        await carryOut(tx, moves, gone, await readBaselines(tx, channels, gone), now);
        const extended = newEpoch ? new Map<string, CancelAsked>() : await extendLeases(tx, host.id, holding, until);
        return { cancels: cancelsOf(holding, extended), moved: gone.map(({ id }) => id) };
      });
      if (moved.length > 0) {
        ring.runs(moved);
        ring.work();
      }
      return cancels;
    },

    cancellations: async (host) => {
      const asked = await fastDatabase.asSystem((tx) => findCancelRequested(tx, host.id), { readOnly: true });
      return asked.map(({ revoked, ...hold }) => ({ ...hold, reason: revoked ? ("revoked" as const) : ("requested" as const) }));
    },

    openBlob: async (host, hold, digest) => {
      const held = await requireHeld(host, hold);
      if (!held.digests.includes(digest)) {
        throw new Failure("forbidden", "runs.blob-unnamed", "The lease does not name these bytes", { digest });
      }
      // Read twice rather than held in memory: once the first byte is out, damage could only be told by breaking the connection.
      const checked = await blobs.open(held.tenantId, digest);
      for await (const _ of checked.stream);
      return blobs.open(held.tenantId, digest);
    },

    storeOutput: async (host, hold, bytes) => {
      const held = await requireHeld(host, hold);
      const stored = await blobs.put(held.tenantId, bytes, { mediaType: "application/json", maxBytes: held.limits.outputBytes });
      if (!(await fastDatabase.asSystem((tx) => recordOutput(tx, host.id, hold, stored.digest, stored.sizeBytes)))) throw leaseLost(hold);
      return stored;
    },
  };
}

/** A run taken from its host, after the pure decision. */
export function moveOf(run: RunFacts, reason: string, error: RunError | null, now: Date, random: number): Move {
  const loss: Loss = decideLoss(run, random);
  // Whatever took it from its host, a revoked version is why it ends.
  const base = { runId: run.id, reason: run.revoked ? VERSION_REVOKED : reason, error: null, notBefore: now };
  if (loss.to === "queued") {
    return { ...base, state: "queued", attempt: loss.attempt, notBefore: new Date(now.getTime() + loss.delayMs), event: "retried" };
  }
  if (loss.to === "cancelled") return { ...base, state: "cancelled", attempt: run.attempt, event: "cancelled" };
  const last: RunError = error ?? { kind: "sandbox-lost", message: `The host was lost (${reason}) and no attempt is left`, stack: [] };
  return { ...base, state: "dead", attempt: run.attempt, error: storableError(last), event: "dead" };
}

/** A run given back unrun: same attempt. */
function backOf(run: RunFacts, reason: string, notBefore: Date): Move {
  const cancelled = run.cancelRequested;
  return {
    runId: run.id,
    state: cancelled ? "cancelled" : "queued",
    attempt: run.attempt,
    notBefore,
    reason: run.revoked ? VERSION_REVOKED : reason,
    error: null,
    event: cancelled ? "cancelled" : "refused",
  };
}

async function acksOf(tx: FastTransaction, hostId: string, results: readonly RunResult[], counted: ReadonlySet<string>): Promise<Ack[]> {
  const strangers = results.filter(({ runId }) => !counted.has(runId));
  const known =
    strangers.length === 0
      ? new Map<string, RunFacts>()
      : await findFacts(
          tx,
          strangers.map(({ runId }) => runId),
        );
  return results.map((result) => {
    if (counted.has(result.runId)) return { ...holdOf(result), accepted: true, reason: null };
    const judged = judgeStranger(known.get(result.runId) ?? null, { ...holdOf(result), hostId });
    return { ...holdOf(result), accepted: judged.accepted, reason: judged.accepted ? null : judged.reason };
  });
}

function cancelsOf(holding: readonly Hold[], extended: ReadonlyMap<string, CancelAsked>): Cancel[] {
  return holding.flatMap((hold): Cancel[] => {
    const run = extended.get(hold.runId);
    if (!run) return [{ ...holdOf(hold), reason: "lease-lost" }];
    return run.cancelRequested ? [{ ...holdOf(hold), reason: run.revoked ? "revoked" : "requested" }] : [];
  });
}

function holds(run: RunFacts, hostId: string, { attempt, fence }: Hold): boolean {
  return run.hostId === hostId && run.attempt === attempt && run.fence === fence && (run.state === "leased" || run.state === "running");
}

function holdOf({ runId, attempt, fence }: Hold): Hold {
  return { runId, attempt, fence };
}

function keyOf({ runId, attempt, fence }: Hold): string {
  return `${runId}/${attempt}/${fence}`;
}

function storableError(error: RunError | null): RunError | null {
  if (!error) return null;
  const stack = error.stack.map((frame) => ({
    ...frame,
    file: storable(frame.file),
    function: frame.function === null ? null : storable(frame.function),
  }));
  return { ...error, message: storable(error.message), stack };
}

function refusalOf(run: RunFacts, error: RunError, host: HostActor) {
  const { id: runId, templateName, semver, tenantId } = run;
  const payload = { runId, templateName, semver, check: error.check ?? null, hostId: host.id, hostName: host.name };
  return { tenantId, topic: "run.refused", key: runId, payload };
}

function leaseLost({ runId }: Hold): Failure {
  return new Failure("forbidden", "runs.lease-lost", "This host does not hold a lease of this run", { runId });
}

function leaseOf(row: LeasedRow, until: Date): Lease {
  return {
    runId: row.id,
    attempt: row.attempt,
    fence: row.fence,
    tenantId: row.tenantId,
    kind: row.kind,
    templateName: row.templateName,
    driver: row.driver,
    manifestDigest: row.manifestDigest,
    signed:
      row.semver === null || row.subjectName === null || row.bundleDigest === null
        ? null
        : { semver: row.semver, subjectName: row.subjectName, bundleDigest: row.bundleDigest },
    code: row.codeDigest === null ? null : { digest: row.codeDigest, entry: row.codeEntry ?? "default" },
    input: row.inputDigest === null ? { inline: row.inputText ?? "null" } : { digest: row.inputDigest, sizeBytes: row.inputSizeBytes },
    limits: row.limits,
    expiresAt: until.getTime(),
    // The run's own trace; its id is as good a parent span as any and is the same at every attempt.
    traceparent: row.traceId === null ? null : `00-${row.traceId}-${row.id.replaceAll("-", "").slice(16)}-01`,
  };
}
