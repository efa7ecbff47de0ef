/** How many requests a caller of the public API may make. One allowance a token or person; fail-open, as its store is. */
import type { Allowance, Rate, RateLimit } from "../../platform/rate-limit.ts";
import type { Actor } from "../actor.ts";
import { Failure } from "../failure.ts";

export type Taken = Allowance & { readonly rate: Rate };

export type Rates = {
  /** One request of this caller. What is left is told also when it is refused: `taken` is called first. Failures: `request.rate-limited`. */
  take(actor: Actor, taken: (taken: Taken) => void): Promise<void>;
};

export function createRates({ rateLimit, rate }: { rateLimit: RateLimit; rate: Rate }): Rates {
  return {
    take: async (actor, taken) => {
      const allowance = await rateLimit.take(`api:${actor.tenantId ?? "platform"}:${actor.id}`, rate);
      taken({ ...allowance, rate });
      const { allowed, retryAfterSeconds } = allowance;
      if (allowed) return;
      const { limit, windowSeconds } = rate;
      throw new Failure("limit", "request.rate-limited", `More than ${limit} requests in ${windowSeconds} s: wait ${retryAfterSeconds} s`, {
        limit,
        windowSeconds,
        retryAfterSeconds,
      });
    },
  };
}
