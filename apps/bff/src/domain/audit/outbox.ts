/**
 * What a lower module must tell a higher one: a row in the caller's transaction, delivered at least once by a worker after the
 * commit. A listener must therefore bear hearing the same event twice; events of one key are delivered in order.
 */

import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { type AnyTransaction, jsonParameter, sqlOf } from "../../platform/sql.ts";

export type OutboxMessage = {
  readonly tenantId: string | null;
  /** `noun.event`, past tense: `draft.published`. */
  readonly topic: string;
  /** What the order holds for: usually the resource's id. */
  readonly key: string;
  readonly payload: unknown;
};

export type OutboxDelivery = OutboxMessage & { readonly id: number; readonly attempts: number };

export async function addToOutbox(tx: AnyTransaction, message: OutboxMessage): Promise<void> {
  await sqlOf(tx).execute("insert into outbox_events (tenant_id, topic, key, payload) values ($1::uuid, $2, $3, $4::jsonb)", [
    message.tenantId,
    message.topic,
    message.key,
    jsonParameter(message.payload) ?? "null",
  ]);
}

const BACKOFF_MS_FIRST = 500;
const BACKOFF_MS_MAX = 60_000;

/**
 * Delivers up to `batch` due events and says how many it tried. Several workers may run: rows are leased with SKIP LOCKED, and
 * an event waits while an earlier one of its key is undelivered. When `listen` throws, the event is tried again with backoff;
 * when this process dies after `listen` and before the commit, it is delivered again.
 */
export async function deliverOutbox(
  fastDatabase: FastDatabase,
  listen: (event: OutboxDelivery) => Promise<void>,
  { batch = 50 }: { batch?: number } = {},
): Promise<number> {
  return fastDatabase.asSystem(async (tx) => {
    const { rows } = await tx.query<OutboxDelivery>(
      `select id, tenant_id as "tenantId", topic, key, payload, attempts
         from outbox_events e
        where delivered_at is null and available_at <= now()
          and not exists (select 1 from outbox_events p where p.topic = e.topic and p.key = e.key and p.delivered_at is null and p.id < e.id)
        order by id limit $1 for update skip locked`,
      [batch],
    );
    for (const event of rows) await deliverOne(tx, event, listen);
    return rows.length;
  });
}

async function deliverOne(tx: FastTransaction, event: OutboxDelivery, listen: (event: OutboxDelivery) => Promise<void>): Promise<void> {
  try {
    await listen(event);
    await tx.query("update outbox_events set delivered_at = now(), attempts = attempts + 1, last_error = null where id = $1", [event.id]);
  } catch (error) {
    const delayMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(event.attempts, 16));
    await tx.query(
      "update outbox_events set attempts = attempts + 1, last_error = $2, available_at = now() + $3 * interval '1 millisecond' where id = $1",
      [event.id, error instanceof Error ? error.message.slice(0, 1000) : String(error), delayMs],
    );
  }
}
