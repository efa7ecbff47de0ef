/** The audit trail, newest first, narrowed to the reader's tenant. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";

export type AuditRow = {
  id: string;
  at: string;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: string;
  resourceKind: string;
  resourceId: string;
  outcome: string;
  reason: string | null;
  before: unknown;
  after: unknown;
  traceId: string | null;
};

export type AuditQuery = {
  cursor?: string | undefined;
  actorKind?: Actor["kind"] | undefined;
  action?: string | undefined;
  resourceKind?: string | undefined;
  resourceId?: string | undefined;
  /** Entries a page; {@link PAGE_SIZE} unless somebody takes many. */
  limit?: number | undefined;
};

export type AuditView = { list(actor: Actor, query: AuditQuery): Promise<{ items: AuditRow[]; nextCursor: string | null }> };

const PAGE_SIZE = 50;

export function createAuditView({ access }: { access: Access }): AuditView {
  return {
    list: (actor, { cursor, actorKind, action, resourceKind, resourceId, limit = PAGE_SIZE }) =>
      access.read({ actor, action: "audit.read", resource: { kind: "audit", id: "*" } }, async (tx) => {
        const rows = await tx.auditEntry.findMany({
          where: {
            ...(cursor === undefined ? {} : { id: { lt: BigInt(cursor) } }),
            ...(actorKind === undefined ? {} : { actorKind }),
            ...(action === undefined ? {} : { action }),
            ...(resourceKind === undefined ? {} : { resourceKind }),
            ...(resourceId === undefined ? {} : { resourceId }),
          },
          orderBy: { id: "desc" },
          take: limit + 1,
        });
        const page = rows.slice(0, limit);
        return {
          items: page.map((row) => ({
            id: row.id.toString(),
            at: row.at.toISOString(),
            actorKind: row.actorKind,
            actorId: row.actorId,
            actorName: row.actorName,
            action: row.action,
            resourceKind: row.resourceKind,
            resourceId: row.resourceId,
            outcome: row.outcome,
            reason: row.reason,
            before: row.before,
            after: row.after,
            traceId: row.traceId,
          })),
          nextCursor: rows.length > limit ? (page.at(-1)?.id.toString() ?? null) : null,
        };
      }),
  };
}
