/** What the public API promises of each request: that its caller has an allowance, and that it acts once however often it is sent. */
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase } from "../../platform/fast-database.ts";
import type { Rate, RateLimit } from "../../platform/rate-limit.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createRates, type Rates } from "./rates.ts";

export type { Answer } from "./idempotency.ts";
export type { Taken } from "./rates.ts";

export type Requests = Idempotency & Rates;

export function createRequests(parts: { fastDatabase: FastDatabase; clock: Clock; rateLimit: RateLimit; rate: Rate }): Requests {
  return { ...createIdempotency(parts), ...createRates(parts) };
}
