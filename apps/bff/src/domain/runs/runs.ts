/**
 * Runs: the work ledger. People try and cancel; hosts lease and finish (`leases.ts`); loops take back what was lost.
 * The life of a run is in `run.ts`.
 */

import { validateAgainst } from "@agent-factory/manifest/validate";
import { currentTraceId } from "@agent-factory/process/tracing";
import { INLINE_BYTES_MAX, type Lease, PAYLOAD_BYTES_MAX } from "@agent-factory/protocol";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { type Fleet, hostDoorbell } from "../fleet/fleet.ts";
import type { Templates } from "../templates/templates.ts";
import { createLeases, type Leases, moveOf } from "./leases.ts";
import { deleteEntries } from "./log-store.ts";
import { createOutputJudge } from "./output.ts";
import { explainWaiting, isFinal, type RunState } from "./run.ts";
import { findFacts, insertRuns, lockExpired, lockHeldBy, moveRuns, type RunFacts, requestCancel } from "./run-store.ts";

export type { Ack, Cancel } from "./leases.ts";
export type { RunState, Waiting } from "./run.ts";
export { explainWaiting, isFinal };

/** Channel of the doorbell that rings when there may be work to lease. */
export const WORK_DOORBELL = "work";
/** Channel of the doorbell of runs that changed: their ids, separated by commas. One ring a batch. */
export const RUNS_DOORBELL = "runs";

export type Runs = Leases & {
  /**
   * Runs this revision of a draft once, on `input` (JSON text). Failures: those of `templates.tryable`, `runs.input-invalid` with
   * issues, `runs.input-too-large`, `runs.no-host-ready` with what to do.
   */
  try(actor: Actor, input: { draftId: string; expectedRevision: number; input: string }): Promise<{ runId: string }>;
  /** Ends a queued run at once; asks the host of a leased one to. Answers the state now; a run that is over stays as it is. */
  cancel(actor: Actor, input: { runId: string }): Promise<{ state: RunState }>;
  /** Queues no-op runs of one tenant in one transaction: what the ledger itself costs. Not for people. */
  submitBatch(
    actor: SystemActor & { readonly tenantId: string },
    input: { count: number; maxAttempts?: number; priority?: number },
  ): Promise<string[]>;

  /** Loops. Takes back up to a batch of runs whose lease has ended; answers how many. */
  expire(loop: SystemActor): Promise<number>;
  /** Takes back everything a host holds: it was revoked or lost. */
  takeBack(loop: SystemActor, input: { hostId: string; reason: "host-lost" | "host-revoked" }): Promise<number>;
  /** Deletes a batch of log entries past their time; answers how many. */
  forgetLogs(loop: SystemActor): Promise<number>;
};

export type RunsParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly templates: Pick<Templates, "tryable">;
  readonly fleet: Pick<Fleet, "serving" | "requireReadyHost">;
  readonly blobs: BlobStore;
  readonly redis: Pick<RedisConnections, "publish">;
  readonly clock: Clock;
  /** For the jitter of backoff; [0, 1). */
  readonly random?: () => number;
};

/** People who wait at the screen come before programs. */
const TRY_PRIORITY = 10;
const TRY_ATTEMPTS_MAX = 2;
const EXPIRED_BATCH = 500;
const LOGS_KEPT_MS = 30 * 24 * 60 * 60_000;
const LOGS_BATCH = 5_000;
const LOG_BYTES_MAX = 1024 * 1024;
const PIDS_MAX = 64;
const NO_TEMPLATE = "00000000-0000-0000-0000-000000000000";
/** sha256 of the empty object: a no-op has no manifest. */
const NO_MANIFEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const NOOP_LIMITS: Lease["limits"] = {
  timeoutMs: 30_000,
  memoryBytes: 64 << 20,
  cpuMillis: 100,
  pids: 16,
  logBytes: 64 << 10,
  outputBytes: 64 << 10,
};

export function createRuns({ access, fastDatabase, templates, fleet, blobs, redis, clock, random = Math.random }: RunsParts): Runs {
  const ring = {
    runs: (runIds: readonly string[]) => void redis.publish(RUNS_DOORBELL, runIds.join(",")),
    work: () => void redis.publish(WORK_DOORBELL, ""),
  };

  const takeBackHeld = async (find: (tx: FastTransaction) => Promise<RunFacts[]>, reason: string) => {
    const now = clock.now();
    const moves = await fastDatabase.asSystem(async (tx) => {
      const moves = (await find(tx)).map((run) => moveOf(run, reason, null, now, random()));
      await moveRuns(tx, moves, now);
      return moves;
    });
    if (moves.length > 0) ring.runs(moves.map(({ runId }) => runId));
    if (moves.some(({ state }) => state === "queued")) ring.work();
    return moves.length;
  };

  return {
    ...createLeases({ fastDatabase, fleet, blobs, clock, judgeOutput: createOutputJudge({ blobs }), ring, random }),

    try: async (actor, { draftId, expectedRevision, input }) => {
      const resource = { kind: "run", id: "new", draftId };
      // Asked before anything is looked at or stored; decided again, and audited, in the transaction that submits.
      await access.readFast({ actor, action: "runs.try", resource }, async () => undefined);
      const tenantId = requireTenant(actor);
      const tryable = await templates.tryable(actor, { draftId, expectedRevision });
      requireInput(input, tryable.manifest.spec.input);
      await fleet.requireReadyHost(tenantId, tryable.capabilities);
      const sizeBytes = Buffer.byteLength(input);
      const stored =
        sizeBytes > INLINE_BYTES_MAX
          ? await blobs.put(tenantId, Buffer.from(input), { mediaType: "application/json", maxBytes: PAYLOAD_BYTES_MAX })
          : null;
      const { timeoutMs, memoryBytes, cpuMillis } = tryable.limits;
      const runId = await access.performFast({ actor, action: "runs.try", resource }, async (tx, note) => {
        const ids = await insertRuns(tx, {
          tenantId,
          kind: "try",
          templateId: tryable.templateId,
          templateName: tryable.templateName,
          draftId,
          draftRevision: tryable.revision,
          driver: "node",
          manifestDigest: tryable.manifestDigest,
          code: tryable.code,
          limits: { timeoutMs, memoryBytes, cpuMillis, pids: PIDS_MAX, logBytes: LOG_BYTES_MAX, outputBytes: PAYLOAD_BYTES_MAX },
          capabilities: tryable.capabilities,
          priority: TRY_PRIORITY,
          maxAttempts: TRY_ATTEMPTS_MAX,
          submittedBy: actor.id,
          submittedByName: actor.name,
          submittedAt: clock.now(),
          traceId: actor.traceId ?? currentTraceId() ?? null,
          inputs: [{ text: stored ? null : input, digest: stored?.digest ?? null, sizeBytes }],
        });
        const id = ids[0];
        if (id === undefined) throw new Error("a submitted run has no id");
        note.resource(id);
        note.after({ templateName: tryable.templateName, draftId, revision: tryable.revision, manifestDigest: tryable.manifestDigest });
        return id;
      });
      ring.work();
      return { runId };
    },

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

    submitBatch: async (actor, { count, maxAttempts = 3, priority = 0 }) => {
      const ids = await fastDatabase.inTenant(actor.tenantId, (tx) =>
        insertRuns(tx, {
          tenantId: actor.tenantId,
          kind: "run",
          templateId: NO_TEMPLATE,
          templateName: "noop",
          draftId: null,
          draftRevision: null,
          driver: "noop",
          manifestDigest: NO_MANIFEST,
          code: null,
          limits: NOOP_LIMITS,
          capabilities: [],
          priority,
          maxAttempts,
          submittedBy: actor.id,
          submittedByName: actor.name,
          submittedAt: clock.now(),
          traceId: null,
          inputs: Array.from({ length: count }, () => ({ text: "null", digest: null, sizeBytes: 4 })),
        }),
      );
      ring.work();
      return ids;
    },

    expire: () => takeBackHeld((tx) => lockExpired(tx, clock.now(), EXPIRED_BATCH), "lease-expired"),
    takeBack: (_loop, { hostId, reason }) => takeBackHeld((tx) => lockHeldBy(tx, hostId), reason),
    forgetLogs: () => fastDatabase.asSystem((tx) => deleteEntries(tx, new Date(clock.now().getTime() - LOGS_KEPT_MS), LOGS_BATCH)),
  };
}

function requireTenant(actor: Actor): string {
  if (actor.tenantId === null) throw new Failure("forbidden", "runs.no-tenant", "A run belongs to a tenant", {});
  return actor.tenantId;
}

function requireInput(input: string, schema: unknown): void {
  const sizeBytes = Buffer.byteLength(input);
  if (sizeBytes > PAYLOAD_BYTES_MAX) {
    throw new Failure("limit", "runs.input-too-large", `The input has ${sizeBytes} bytes, more than ${PAYLOAD_BYTES_MAX}`, {
      sizeBytes,
      maxBytes: PAYLOAD_BYTES_MAX,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    throw inputInvalid([{ pointer: "", message: { en: `The input is not JSON: ${said}`, fr: `L'entrée n'est pas du JSON : ${said}` } }]);
  }
  const issues = validateAgainst(schema, value);
  if (issues.length > 0) throw inputInvalid(issues.slice(0, 50));
}

function inputInvalid(issues: readonly { pointer: string; message: { en: string; fr: string } }[]): Failure {
  return new Failure("invalid", "runs.input-invalid", "The input does not fit the template's input schema", { issues });
}
