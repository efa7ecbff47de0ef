/**
 * How many requests somebody may make: the generic cell rate algorithm (ITU-T I.371; B. Ramanathan's "virtual scheduling" form), one key a
 * caller in Redis, by Redis's own clock. Fail-open: with Redis away nobody is held back, and the log says so once.
 */
import type { Logger } from "@agent-factory/process/logger";
import type { RedisConnections } from "./redis.ts";

export type Rate = {
  /** Requests a window, in the long run. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** How many may come at once after a rest. */
  readonly burst: number;
};

export type Allowance = {
  readonly allowed: boolean;
  /** Requests that may come at once from now on. */
  readonly remaining: number;
  /** Until the whole burst is there again. */
  readonly resetSeconds: number;
  /** Until the next one is allowed; 0 when it is. */
  readonly retryAfterSeconds: number;
};

export type RateLimit = { take(key: string, rate: Rate): Promise<Allowance> };

/** KEYS[1]; ARGV: milliseconds a request, burst. Answers allowed, remaining, reset ms, retry ms. The key holds the theoretical arrival time. */
const SCRIPT = `
local time = redis.call("TIME")
local now = time[1] * 1000 + time[2] / 1000
local each, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call("GET", KEYS[1]) or 0), now)
local after = arrival + each
local ahead = after - now - each * burst
if ahead > 0 then return {0, 0, math.ceil(arrival - now), math.ceil(ahead)} end
redis.call("SET", KEYS[1], string.format("%.3f", after), "PX", math.ceil(after - now))
return {1, math.floor((each * burst - (after - now)) / each), math.ceil(after - now), 0}`;

export function createRateLimit({ redis, logger }: { redis: Pick<RedisConnections, "commands">; logger: Pick<Logger, "warn"> }): RateLimit {
  let away = false;
  return {
    take: async (key, { limit, windowSeconds, burst }) => {
      try {
        const eachMs = (windowSeconds * 1000) / limit;
        const answer = (await redis.commands.eval(SCRIPT, 1, `rate:${key}`, eachMs, burst)) as [number, number, number, number];
        away = false;
        const [allowed, remaining, resetMs, retryMs] = answer;
        const seconds = (ms: number) => Math.ceil(ms / 1000);
        return { allowed: allowed === 1, remaining, resetSeconds: seconds(resetMs), retryAfterSeconds: seconds(retryMs) };
      } catch (error) {
        if (!away) logger.warn({ err: error }, "rates are not limited: redis is away");
        away = true;
        return { allowed: true, remaining: burst, resetSeconds: 0, retryAfterSeconds: 0 };
      }
    },
  };
}
