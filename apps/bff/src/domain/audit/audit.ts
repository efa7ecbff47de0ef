/**
 * Who did what, when, to what. An entry is written in the transaction of the act itself: either both are there or neither.
 * The tenant role may insert and read entries, never change one (grants of the migration).
 */

import type { AnyTransaction } from "../../platform/sql.ts";
import { jsonParameter, sqlOf } from "../../platform/sql.ts";
import type { Actor } from "../actor.ts";

export type AuditEntryInput = {
  readonly actor: Actor;
  readonly action: string;
  readonly resource: { readonly kind: string; readonly id: string };
  readonly outcome: "allowed" | "denied";
  /** Why it was denied, in one sentence or rule name. */
  readonly reason?: string;
  /** What the act changed, small: names and values, never whole documents. */
  readonly before?: unknown;
  readonly after?: unknown;
};

export type Audit = {
  /** Joins the caller's transaction, of either engine. The entry belongs to the actor's tenant. */
  append(tx: AnyTransaction, entry: AuditEntryInput): Promise<void>;
};

/** A value larger than this is cut to its size: the audit trail is no document store. */
const VALUE_BYTES_MAX = 16 * 1024;

export function createAudit(): Audit {
  return {
    append: async (tx, entry) => {
      await sqlOf(tx).execute(
        `insert into audit_entries
           (tenant_id, actor_kind, actor_id, actor_name, action, resource_kind, resource_id, outcome, reason, before, after, trace_id)
         values ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12)`,
        [
          entry.actor.tenantId,
          entry.actor.kind,
          entry.actor.id,
          entry.actor.name,
          entry.action,
          entry.resource.kind,
          entry.resource.id,
          entry.outcome,
          entry.reason ?? null,
          bounded(entry.before),
          bounded(entry.after),
          entry.actor.traceId ?? null,
        ],
      );
    },
  };
}

function bounded(value: unknown): string | null {
  const text = jsonParameter(value);
  if (text === null || Buffer.byteLength(text) <= VALUE_BYTES_MAX) return text;
  return JSON.stringify({ omitted: "too large", sizeBytes: Buffer.byteLength(text) });
}
