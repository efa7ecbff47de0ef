/**
 * The audit trail in the transparency log: a loop gives every entry its place after the act, and a check recomputes it.
 *
 *   entry: waiting -> placed     taken from the queue, nonce drawn, leaf appended, place recorded: one transaction, so a kill
 *                                leaves neither a gap nor a second place
 *
 * The loop itself writes no audit entry: it would never end.
 */
import { randomBytes } from "node:crypto";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { auditLeafBody, NONCE_BYTES } from "./audit-leaf.ts";
import { countUnclaimed, insertLeaves, isPending, takePending } from "./audit-trail-store.ts";
import { checkTrail, type Interval, type TrailReport } from "./trail-check.ts";
import type { TransparencyLog } from "./transparency-log.ts";

const SEQUENCE_BATCH = 500;

export type { TrailReport } from "./trail-check.ts";

export type AuditTrail = {
  /** Loop: gives waiting entries their places, a batch a turn. Answers how many. */
  sequenceAudit(loop: SystemActor): Promise<number>;
  /** Recomputes the tenant's trail of `[from, to)` against the signed log. */
  verifyTrail(actor: Actor, input: Interval): Promise<TrailReport>;
};

export type AuditTrailParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly log: Pick<TransparencyLog, "sequence">;
};

export function createAuditTrail({ access, fastDatabase, log }: AuditTrailParts): AuditTrail {
  return {
    sequenceAudit: async () => {
      // Without this look an idle registry would lock the log each second.
      if (!(await fastDatabase.asSystem(isPending, { readOnly: true }))) return 0;
      const taken: { entryId: number; tenantId: string | null; nonce: Buffer }[] = [];
      return log.sequence(
        async (tx) => {
          taken.length = 0;
          const entries = await takePending(tx, SEQUENCE_BATCH);
          return entries.map((entry) => {
            const nonce = randomBytes(NONCE_BYTES);
            taken.push({ entryId: entry.id, tenantId: entry.tenantId, nonce });
            return { kind: "audit" as const, body: auditLeafBody(entry, nonce) };
          });
        },
        async (tx, placed) => {
          const leaves = placed.flatMap(({ treeId, index }, i) => {
            const entry = taken[i];
            return entry ? [{ ...entry, treeId, logIndex: index }] : [];
          });
          await insertLeaves(tx, leaves);
        },
      );
    },

    verifyTrail: async (actor, interval) => {
      const found = await access.readFast({ actor, action: "audit.read", resource: { kind: "audit", id: "*" } }, (tx) =>
        checkTrail(tx, interval),
      );
      return { ...found, unclaimed: await fastDatabase.asSystem(countUnclaimed, { readOnly: true }) };
    },
  };
}
