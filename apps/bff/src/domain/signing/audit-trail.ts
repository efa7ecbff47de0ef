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
import { Failure } from "../failure.ts";
import { auditLeafBody, NONCE_BYTES } from "./audit-leaf.ts";
import { countUnclaimed, holdTrail, insertLeaves, isPending, takePending } from "./audit-trail-store.ts";
import { checkTrail, type Interval, type TrailReport } from "./trail-check.ts";
import type { TransparencyLog } from "./transparency-log.ts";

const SEQUENCE_BATCH = 500;

export type { TrailReport } from "./trail-check.ts";

export type AuditTrail = {
  /** Loop: gives waiting entries their places, a batch a turn. Answers how many. */
  sequenceAudit(loop: SystemActor): Promise<number>;
  /**
   * Recomputes the tenant's trail of `[from, to)` against the signed log, so many entries at once; `cursor` is that of the stretch before.
   * Failures: `signing.trail-busy` (one check of a tenant at a time).
   */
  verifyTrail(actor: Actor, input: Interval & { readonly cursor?: string | undefined }): Promise<TrailReport>;
};

export type AuditTrailParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly log: Pick<TransparencyLog, "sequence">;
  /** Entries that are checked at once; tests have fewer. */
  readonly checkedAtOnce?: number | undefined;
};

export function createAuditTrail({ access, fastDatabase, log, checkedAtOnce }: AuditTrailParts): AuditTrail {
  let counting: Promise<number> | null = null;
  /** Of the whole log, whoever asks: those who ask while it is being counted wait for the same count. */
  const unclaimedLeaves = (): Promise<number> => {
    counting ??= fastDatabase.asSystem(countUnclaimed, { readOnly: true }).finally(() => {
      counting = null;
    });
    return counting;
  };

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

    verifyTrail: async (actor, { cursor, ...interval }) =>
      access.readFast({ actor, action: "audit.read", resource: { kind: "audit", id: "*" } }, async (tx) => {
        if (!(await holdTrail(tx, actor.tenantId ?? "")))
          throw new Failure("limit", "signing.trail-busy", "The trail is just being checked; try again when that is done");
        const found = await checkTrail(tx, { ...interval, after: Number(cursor ?? 0), max: checkedAtOnce });
        const unclaimed = found.nextCursor === null ? await unclaimedLeaves() : null;
        return { ...found, unclaimed };
      }),
  };
}
