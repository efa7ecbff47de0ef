/**
 * Quotas: what refuses new runs of a tenant or of one of its templates, with its reason.
 *
 *   (absent) -> held           by whoever watches a limit (a budget at its stop level), in the transaction that found it reached
 *   held -> released           by a person, by whoever held it once the cause is gone, or by the end of its time
 *
 * Runs that were submitted before go on: a hold is asked for at submit and nowhere else.
 */
import type { Clock } from "../../platform/clock.ts";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { findHold, type HoldRow, listHolds, releaseHold, releaseSource, upsertHold } from "./quota-store.ts";

export type HoldView = {
  id: string;
  templateId: string | null;
  templateName: string | null;
  source: string;
  reason: string;
  since: string;
  until: string | null;
};

export type Quotas = {
  list(actor: Actor): Promise<{ items: HoldView[] }>;
  /** Failures: `quotas.hold-missing`. */
  release(actor: Actor, input: { holdId: string }): Promise<{ released: true }>;
  /** Joins the caller's transaction. `source` names the cause, such as `budget:<id>`: one live hold each. */
  hold(
    tx: FastTransaction,
    input: { tenantId: string; templateId: string | null; source: string; reason: string; until?: Date | null },
  ): Promise<{ holdId: string }>;
  /** The cause is gone; false when nothing was held for it. */
  releaseOf(tx: FastTransaction, loop: SystemActor, input: { tenantId: string; source: string }): Promise<boolean>;
  /** Failures: `quotas.held` with the reason. */
  requireNoHold(tx: FastTransaction, input: { templateId: string }): Promise<void>;
};

export function createQuotas({ access, clock }: { access: Access; clock: Clock }): Quotas {
  return {
    list: (actor) =>
      access.readFast({ actor, action: "quotas.read", resource: { kind: "quota", id: "*" } }, async (tx) => ({
        items: (await listHolds(tx, clock.now())).map(viewOf),
      })),

    release: (actor, { holdId }) =>
      access.performFast({ actor, action: "quotas.release", resource: { kind: "quota", id: holdId } }, async (tx, note) => {
        const released = await releaseHold(tx, holdId, actor.id, clock.now());
        if (!released) throw new Failure("missing", "quotas.hold-missing", "There is no such hold, or it was released", { holdId });
        note.before(viewOf(released));
        note.after({ released: true });
        return { released: true };
      }),

    hold: async (tx, { until = null, ...hold }) => ({ holdId: await upsertHold(tx, { ...hold, until }, clock.now()) }),
    releaseOf: (tx, loop, { tenantId, source }) => releaseSource(tx, tenantId, source, loop.id, clock.now()),

    requireNoHold: async (tx, { templateId }) => {
      const held = await findHold(tx, templateId, clock.now());
      if (!held) return;
      const { id: holdId, reason, source, since, until } = held;
      throw new Failure("limit", "quotas.held", `New runs are refused: ${reason}`, {
        holdId,
        reason,
        source,
        since: since.toISOString(),
        until: until?.toISOString() ?? null,
      });
    },
  };
}

function viewOf({ since, until, ...row }: HoldRow): HoldView {
  return { ...row, since: since.toISOString(), until: until?.toISOString() ?? null };
}
