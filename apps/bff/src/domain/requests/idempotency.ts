/**
 * The same request sent twice acts once: draft-ietf-httpapi-idempotency-key-header. The key is claimed before the act and its answer kept
 * after it; whoever sends it again meanwhile is told to wait, and afterwards is answered the same. A key means its request: another one
 * under the same key is refused. When the process dies in between, the claim lapses after {@link CLAIM_MS} and the act may come again.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";

export type Answer = { readonly status: number; readonly body: unknown };

export type Idempotency = {
  /**
   * `request`: everything that makes it the same. An act that throws keeps nothing: it may be tried again under its key.
   * Failures: `idempotency.key-reused`, `idempotency.under-way`.
   */
  once(
    actor: Actor & { readonly tenantId: string },
    input: { key: string; request: string },
    act: () => Promise<Answer>,
  ): Promise<Answer & { readonly repeated: boolean }>;
  /** Forgets keys older than a day; answers how many. */
  forget(loop: SystemActor): Promise<number>;
};

const CLAIM_MS = 60_000;
const KEPT_MS = 24 * 60 * 60_000;
const FORGET_BATCH = 5_000;

export function createIdempotency({ fastDatabase, clock }: { fastDatabase: FastDatabase; clock: Clock }): Idempotency {
  return {
    once: async (actor, { key, request }, act) => {
      const requestHash = createHash("sha256").update(request).digest("hex");
      const mine = [actor.tenantId, actor.id, key] as const;
      const now = clock.now();
      const known = await fastDatabase.inTenant(actor.tenantId, async (tx) => {
        const { rowCount } = await tx.query(
          `insert into idempotency_keys as k (tenant_id, token_id, key, request_hash, created_at) values ($1, $2, $3, $4, $5)
           on conflict (tenant_id, token_id, key) do update set created_at = excluded.created_at, request_hash = excluded.request_hash, status = null, response = null
            where k.created_at < $6 or (k.status is null and k.created_at < $7)`,
          [...mine, requestHash, now, new Date(now.getTime() - KEPT_MS), new Date(now.getTime() - CLAIM_MS)],
        );
        if (rowCount === 1) return null;
        const { rows } = await tx.query<{ requestHash: string; status: number | null; body: unknown }>(
          `select request_hash as "requestHash", status, response as body from idempotency_keys where tenant_id = $1 and token_id = $2 and key = $3`,
          [...mine],
        );
        return rows[0] ?? null;
      });
      if (known) {
        if (known.requestHash !== requestHash)
          throw new Failure("invalid", "idempotency.key-reused", "This Idempotency-Key was used for another request", { key });
        if (known.status === null)
          throw new Failure("conflict", "idempotency.under-way", "The first request with this Idempotency-Key is still under way", { key });
        return { status: known.status, body: known.body, repeated: true };
      }
      let answer: Answer;
      try {
        answer = await act();
      } catch (error) {
        await fastDatabase.inTenant(actor.tenantId, (tx) =>
          tx.query("delete from idempotency_keys where tenant_id = $1 and token_id = $2 and key = $3 and status is null", [...mine]),
        );
        throw error;
      }
      // When this fails the claim stays: it was done, and must not be done again at once by whoever asks again.
      await fastDatabase.inTenant(actor.tenantId, (tx) =>
        tx.query("update idempotency_keys set status = $4, response = $5::jsonb where tenant_id = $1 and token_id = $2 and key = $3", [
          ...mine,
          answer.status,
          JSON.stringify(answer.body),
        ]),
      );
      return { ...answer, repeated: false };
    },
    forget: () =>
      fastDatabase.asSystem(async (tx) => {
        const { rowCount } = await tx.query(
          `delete from idempotency_keys where (tenant_id, token_id, key) in
             (select tenant_id, token_id, key from idempotency_keys where created_at < $1 limit ${FORGET_BATCH})`,
          [new Date(clock.now().getTime() - KEPT_MS)],
        );
        return rowCount ?? 0;
      }),
  };
}
