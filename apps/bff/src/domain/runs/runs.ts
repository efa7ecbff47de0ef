/**
 * Runs: the work ledger. People and programs submit (`submissions.ts`) and cancel; hosts lease and finish (`leases.ts`); loops take
 * back what was lost. The life of a run is in `run.ts`.
 */
import { PAYLOAD_BYTES_MAX } from "@agent-factory/protocol";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import type { Channels, Pins } from "../channels/channels.ts";
import { Failure } from "../failure.ts";
import { type Fleet, hostDoorbell } from "../fleet/fleet.ts";
import { repinQueued } from "./baseline-store.ts";
import { carryOut, readBaselines, rowPins } from "./baselines.ts";
import { deleteEvents } from "./event-store.ts";
import { createLeases, type Leases, moveOf } from "./leases.ts";
import { deleteEntries } from "./log-store.ts";
import { createOutputJudge } from "./output.ts";
import { explainWaiting, isFinal, type RunState } from "./run.ts";
import { findFacts, lockExpired, lockHeldBy, type RunFacts, requestCancel } from "./run-store.ts";
import { createSubmissions, type Submissions, type SubmissionsParts } from "./submissions.ts";
import { findRevoked, revokeRuns } from "./version-store.ts";

export type { Ack, Cancel } from "./leases.ts";
export type { RunState, Waiting } from "./run.ts";
export { explainWaiting, isFinal };

/** Channel of the doorbell that rings when there may be work to lease. */
export const WORK_DOORBELL = "work";
/** Channel of the doorbell of runs that changed: their ids, separated by commas. One ring a batch. */
export const RUNS_DOORBELL = "runs";

export type Runs = Leases &
  Submissions & {
    /** Ends a queued run at once; asks the host of a leased one to. Answers the state now; a run that is over stays as it is. */
    cancel(actor: Actor, input: { runId: string }): Promise<{ state: RunState }>;
    /** Loops. Takes back up to a batch of runs whose lease has ended; answers how many. */
    expire(loop: SystemActor): Promise<number>;
    /** Takes back everything a host holds: it was revoked or lost. */
    takeBack(loop: SystemActor, input: { hostId: string; reason: "host-lost" | "host-revoked" }): Promise<number>;
    /**
     * After a version was revoked: ends its queued runs at once and those under way through their hosts, all with the reason
     * `version-revoked`; answers how many. Nothing happens to runs of a version that is not revoked.
     */
    cancelOfVersion(loop: SystemActor, input: { versionId: string }): Promise<number>;
    /**
     * For rollouts, in the transaction that moves the channel: every run that waits for the one version waits for the other from now on.
     * Answers their ids; `ring` them after the commit.
     */
    repin(tx: FastTransaction, input: { channelId: string; fromVersionId: string; to: Pins; reason: string }): Promise<string[]>;
    ring(runIds: readonly string[]): void;
    /** Deletes a batch of log entries and one of events past their time; answers how many. */
    forgetLogs(loop: SystemActor): Promise<number>;
  };

export type RunsParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly templates: SubmissionsParts["templates"];
  readonly channels: SubmissionsParts["channels"] & Pick<Channels, "baseline">;
  readonly quotas: SubmissionsParts["quotas"];
  readonly fleet: Pick<Fleet, "serving" | "requireReadyHost">;
  readonly blobs: BlobStore;
  readonly redis: Pick<RedisConnections, "publish">;
  readonly clock: Clock;
  /** For the jitter of backoff; [0, 1). */
  readonly random?: () => number;
};

const EXPIRED_BATCH = 500;
const LOGS_KEPT_MS = 30 * 24 * 60 * 60_000;
const LOGS_BATCH = 5_000;
/** After the run's end. */
const EVENTS_KEPT_MS = 365 * 24 * 60 * 60_000;
const EVENTS_BATCH = 5_000;
const REVOKED_BATCH = 500;

export function createRuns({
  access,
  fastDatabase,
  templates,
  channels,
  quotas,
  fleet,
  blobs,
  redis,
  clock,
  random = Math.random,
}: RunsParts): Runs {
  const ring = {
    runs: (runIds: readonly string[]) => void redis.publish(RUNS_DOORBELL, runIds.join(",")),
    work: () => void redis.publish(WORK_DOORBELL, ""),
  };

  const takeBackHeld = async (find: (tx: FastTransaction) => Promise<RunFacts[]>, reason: string) => {
    const now = clock.now();
    const { lost, requeued } = await fastDatabase.asSystem(async (tx) => {
      const lost = await find(tx);
      const moves = lost.map((run) => moveOf(run, reason, null, now, random()));
      return { lost, ...(await carryOut(tx, moves, lost, await readBaselines(tx, channels, lost), now)) };
    });
    if (lost.length > 0) ring.runs(lost.map(({ id }) => id));
    if (requeued) ring.work();
    return lost.length;
  };

  return {
    ...createLeases({ fastDatabase, channels, fleet, blobs, clock, judgeOutput: createOutputJudge({ blobs }), ring, random }),

    ...createSubmissions({ access, fastDatabase, templates, channels, quotas, fleet, blobs, clock, ring }),

    cancel: async (actor, { runId }) => {
      const { state, hostId } = await access.performFast(
        { actor, action: "runs.cancel", resource: { kind: "run", id: runId } },
        async (tx, note) => {
          const moved = await requestCancel(tx, runId, clock.now());
          if (moved) {
            note.after({ state: moved.state, requested: true });
            return moved;
          }
          const run = (await findFacts(tx, [runId])).get(runId);
          if (!run) throw new Failure("missing", "runs.missing", "There is no such run", { runId });
          note.after({ state: run.state });
          return { state: run.state, hostId: null };
        },
      );
      ring.runs([runId]);
      if (hostId !== null) void redis.publish(hostDoorbell(hostId), "cancel");
      return { state };
    },

    cancelOfVersion: async (_loop, { versionId }) => {
      let total = 0;
      for (;;) {
        const now = clock.now();
        const ended = await fastDatabase.asSystem(async (tx) => {
          const revoked = await findRevoked(tx, versionId);
          return revoked ? revokeRuns(tx, revoked, now, REVOKED_BATCH) : [];
        });
        total += ended.length;
        if (ended.length > 0) ring.runs(ended.map(({ runId }) => runId));
        for (const hostId of new Set(ended.map((run) => run.hostId)))
          if (hostId !== null) void redis.publish(hostDoorbell(hostId), "cancel");
        if (ended.length < REVOKED_BATCH) return total;
      }
    },

    repin: (tx, { to, ...input }) => repinQueued(tx, { ...input, to: rowPins(to, PAYLOAD_BYTES_MAX) }, clock.now()),
    ring: (runIds) => {
      if (runIds.length > 0) ring.runs(runIds);
    },

    expire: () => takeBackHeld((tx) => lockExpired(tx, clock.now(), EXPIRED_BATCH), "lease-expired"),
    takeBack: (_loop, { hostId, reason }) => takeBackHeld((tx) => lockHeldBy(tx, hostId), reason),
    forgetLogs: async () => {
      const ago = (ms: number) => new Date(clock.now().getTime() - ms);
      const entries = await fastDatabase.asSystem((tx) => deleteEntries(tx, ago(LOGS_KEPT_MS), LOGS_BATCH));
      return entries + (await fastDatabase.asSystem((tx) => deleteEvents(tx, ago(EVENTS_KEPT_MS), EVENTS_BATCH)));
    },
  };
}
