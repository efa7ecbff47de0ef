/**
 * The loops. Each acts as a system actor, through a domain door, with one leader among all registry processes. A turn that
 * fails is logged and comes again: fail-open for the loop, never for the rule behind the door.
 */
import type { Logger } from "@agent-factory/process/logger";
import { withTrace } from "@agent-factory/process/tracing";
import { systemActor } from "../domain/actor.ts";
import { deliverOutbox } from "../domain/audit/outbox.ts";
import type { Fleet, HostTrust } from "../domain/fleet/fleet.ts";
import type { Notices } from "../domain/notices/notices.ts";
import type { Requests } from "../domain/requests/requests.ts";
import type { Plans } from "../domain/rollouts/plans.ts";
import type { Rollouts } from "../domain/rollouts/rollouts.ts";
import type { Runs } from "../domain/runs/runs.ts";
import type { Signing } from "../domain/signing/signing.ts";
import type { Templates } from "../domain/templates/templates.ts";
import { INGEST_BATCH_MAX, type Usage } from "../domain/usage/usage.ts";
import type { Clock } from "../platform/clock.ts";
import type { FastDatabase } from "../platform/fast-database.ts";
import { createListeners, tell } from "./listeners.ts";

export type WorkersParts = {
  readonly requests: Pick<Requests, "forget">;
  readonly signing: Pick<Signing, "rotateDue" | "sequenceAudit">;
  readonly templates: Pick<Templates, "publish" | "sign">;
  readonly runs: Pick<Runs, "expire" | "takeBack" | "cancelOfVersion" | "forgetLogs" | "leaseMs">;
  readonly fleet: Pick<Fleet, "loseSilent" | "resumeCordoned" | "forgetJoinTokens">;
  readonly trust: Pick<HostTrust, "changed">;
  readonly plans: Pick<Plans, "publish" | "sign">;
  readonly rollouts: Pick<Rollouts, "tick" | "onVersionRevoked">;
  readonly usage: Pick<Usage, "ingest" | "watchBudgets" | "retention">;
  readonly notices: Pick<Notices, "hear" | "forget">;
  readonly fastDatabase: FastDatabase;
  /** Runs a turn unless another registry process is at it; null then. */
  readonly lead: (name: string, turn: () => Promise<number>) => Promise<number | null>;
  /** Told of each turn that this process led. */
  readonly turned?: (turn: { loop: string; seconds: number; moved: number; failed: boolean }) => void;
  readonly logger: Logger;
  readonly clock: Clock;
};

export type Workers = {
  /** One turn of every loop now, in order; for tests and scenarios that move the clock. */
  turn(): Promise<void>;
  /** Ends the loops; resolves when no turn runs any more. */
  close(): Promise<void>;
};

type Loop = {
  readonly name: string;
  readonly everyMs: number;
  /** Not before this long after the start. */
  readonly afterMs?: number;
  /** Rows moved; a full batch asks for another turn at once. */
  readonly turn: () => Promise<number>;
  readonly fullBatch?: number;
};

export async function startWorkers({
  requests,
  signing,
  templates,
  runs,
  fleet,
  trust,
  plans,
  rollouts,
  usage,
  notices,
  fastDatabase,
  lead,
  turned = () => undefined,
  logger,
  clock,
}: WorkersParts): Promise<Workers> {
  const startedAt = clock.now().getTime();
  const listeners = createListeners({ templates, plans, rollouts, runs, trust, notices });
  const loops: Loop[] = [
    // After a restart hosts first get the time to come back and name what they hold: else our own absence would cost attempts.
    { name: "lease-expiry", everyMs: 1_000, afterMs: runs.leaseMs, fullBatch: 500, turn: () => runs.expire(systemActor("lease-expiry")) },
    { name: "host-lost", everyMs: 1_000, afterMs: runs.leaseMs, turn: () => fleet.loseSilent(systemActor("host-lost")) },
    { name: "cordon-resume", everyMs: 5_000, turn: () => fleet.resumeCordoned(systemActor("cordon-resume")) },
    { name: "outbox", everyMs: 500, fullBatch: 50, turn: () => deliverOutbox(fastDatabase, (event) => tell(listeners, event, logger)) },
    { name: "usage-ingest", everyMs: 1_000, fullBatch: INGEST_BATCH_MAX, turn: () => usage.ingest(systemActor("usage-ingest")) },
    // After what was counted in the same turn.
    { name: "rollouts", everyMs: 1_000, turn: () => rollouts.tick(systemActor("rollouts")) },
    { name: "budget-watch", everyMs: 5_000, turn: () => usage.watchBudgets(systemActor("budget-watch")) },
    { name: "usage-retention", everyMs: 10 * 60_000, fullBatch: 5_000, turn: () => usage.retention(systemActor("usage-retention")) },
    { name: "audit-sequencer", everyMs: 1_000, fullBatch: 500, turn: () => signing.sequenceAudit(systemActor("audit-sequencer")) },
    { name: "key-rotation", everyMs: 60_000, turn: () => signing.rotateDue(systemActor("key-rotation")) },
    { name: "join-token-cleanup", everyMs: 60 * 60_000, turn: () => fleet.forgetJoinTokens(systemActor("join-token-cleanup")) },
    { name: "log-retention", everyMs: 10 * 60_000, fullBatch: 5_000, turn: () => runs.forgetLogs(systemActor("log-retention")) },
    {
      name: "idempotency-retention",
      everyMs: 10 * 60_000,
      fullBatch: 5_000,
      turn: () => requests.forget(systemActor("idempotency-retention")),
    },
    { name: "notice-retention", everyMs: 60 * 60_000, fullBatch: 5_000, turn: () => notices.forget(systemActor("notice-retention")) },
  ];

  let closed = false;
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  const turnOf = async (loop: Loop): Promise<void> => {
    if (clock.now().getTime() - startedAt < (loop.afterMs ?? 0)) return;
    let began = performance.now();
    const tell = (moved: number, failed: boolean) =>
      turned({ loop: loop.name, seconds: (performance.now() - began) / 1_000, moved, failed });
    try {
      let moved: number | null;
      do {
        began = performance.now();
        moved = await withTrace(undefined, () => lead(loop.name, loop.turn));
        if (moved !== null) tell(moved, false);
        if (moved) logger.info({ loop: loop.name, moved }, "a loop moved rows");
      } while (!closed && moved !== null && loop.fullBatch !== undefined && moved >= loop.fullBatch);
    } catch (error) {
      if (closed) return;
      tell(0, true);
      logger.error({ err: error, loop: loop.name }, "a loop's turn failed; it comes again");
    }
  };

  const schedule = (loop: Loop): void => {
    if (closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const turn = turnOf(loop).finally(() => {
        running.delete(turn);
        schedule(loop);
      });
      running.add(turn);
    }, loop.everyMs);
    timers.add(timer);
  };
  for (const loop of loops) schedule(loop);

  return {
    turn: async () => {
      for (const loop of loops) await turnOf(loop);
    },
    close: async () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
