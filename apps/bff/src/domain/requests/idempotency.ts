/**
 * The same request sent twice acts once: draft-ietf-httpapi-idempotency-key-header. The key is claimed before the act and its answer kept
 * after it; whoever sends it again meanwhile is told to wait, and afterwards is answered the same. A key means its request: another one
 * under the same key is refused. Only a refusal gives the key up. When nobody knows whether it was done, because the process died or the
 * connection went on commit, the claim lapses after {@link CLAIM_MS} and the act comes again under the same id: by it the door behind can
 * tell that it was done.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { DATABASE_AWAY } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { claim, deleteOlder, dropClaim, findClaim, keepAnswer } from "./idempotency-store.ts";

export type Answer = { readonly status: number; readonly body: unknown };

export type Idempotency = {
  /**
   * `request`: everything that makes it the same. An act that is refused keeps nothing: it may be tried again under its key.
   * Failures: `idempotency.key-reused`, `idempotency.under-way`.
   */
  once(
    actor: Actor & { readonly tenantId: string },
    input: { key: string; request: string },
    act: (actId: string) => Promise<Answer>,
  ): Promise<Answer & { readonly repeated: boolean }>;
  /** Forgets keys older than a day; answers how many. */
  forget(loop: SystemActor): Promise<number>;
};

const CLAIM_MS = 60_000;
const KEPT_MS = 24 * 60 * 60_000;
const FORGET_BATCH = 5_000;

export function createIdempotency({ fastDatabase, clock }: { fastDatabase: FastDatabase; clock: Clock }): Idempotency {
  const ago = (ms: number) => new Date(clock.now().getTime() - ms);
  return {
    once: async (actor, { key, request }, act) => {
      const requestHash = createHash("sha256").update(request).digest("hex");
      const mine = { tenantId: actor.tenantId, tokenId: actor.id, key };
      const inTenant = <T>(work: (tx: FastTransaction) => Promise<T>) => fastDatabase.inTenant(actor.tenantId, work);
      const times = { now: clock.now(), forgotten: ago(KEPT_MS), lapsed: ago(CLAIM_MS) };
      const { actId, known } = await inTenant(async (tx) => {
        const actId = await claim(tx, mine, requestHash, times);
        return { actId, known: actId === null ? await findClaim(tx, mine) : null };
      });
      if (known) {
        if (known.requestHash !== requestHash)
          throw new Failure("invalid", "idempotency.key-reused", "This Idempotency-Key was used for another request", { key });
        if (known.status === null) throw underWay(key);
        return { status: known.status, body: known.body, repeated: true };
      }
      // Its key was forgotten between the two statements.
      if (actId === null) throw underWay(key);
      let answer: Answer;
      try {
        answer = await act(actId);
      } catch (error) {
        if (error instanceof Failure && error.code !== DATABASE_AWAY) await inTenant((tx) => dropClaim(tx, mine));
        throw error;
      }
      // When this fails the claim stays: it was done, and must not be done again at once by whoever asks again.
      await inTenant((tx) => keepAnswer(tx, mine, answer.status, answer.body));
      return { ...answer, repeated: false };
    },
    forget: () => fastDatabase.asSystem((tx) => deleteOlder(tx, ago(KEPT_MS), FORGET_BATCH)),
  };
}

function underWay(key: string): Failure {
  return new Failure("conflict", "idempotency.under-way", "The first request with this Idempotency-Key is still under way", { key });
}
