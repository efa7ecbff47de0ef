import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import { testRedisUrl } from "@agent-factory/testkit/redis";
import { expect, test } from "vitest";
import { createRateLimit } from "../../platform/rate-limit.ts";
import { openRedis } from "../../platform/redis.ts";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { DATABASE_AWAY } from "../access/access.ts";
import { systemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { createRequests, type Taken } from "./requests.ts";

async function open(rate = { limit: 60, windowSeconds: 60, burst: 3 }) {
  const kernel = await openTestKernel();
  const redis = openRedis(testRedisUrl(), createLogger({ app: "test", level: "silent" }));
  await expect.poll(() => redis.commands.status).toBe("ready");
  let now = Date.parse("2026-06-01T08:00:00Z");
  const warned: string[] = [];
  const rateLimit = createRateLimit({ redis, logger: { warn: (_: unknown, said?: string) => void warned.push(said ?? "") } });
  const parts = { fastDatabase: kernel.fastDatabase, clock: { now: () => new Date(now) }, rateLimit, rate };
  const requests = createRequests(parts);
  return {
    ...kernel,
    redis,
    parts,
    requests,
    warned,
    /** A caller of its own: what is counted in Redis outlives the test. */
    caller: { ...kernel.acme.as("editor"), id: randomUUID() },
    pass: (ms: number) => {
      now += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

const answer = (value: number) => async () => ({ status: 201, body: { value } });

test("a request sent again under its key acts once and is answered the same; another key acts again", async () => {
  await using t = await open();
  const first = await t.requests.once(t.caller, { key: "k1", request: "r" }, answer(1));
  const again = await t.requests.once(t.caller, { key: "k1", request: "r" }, () => Promise.reject(new Error("acted twice")));
  expect(first).toEqual({ status: 201, body: { value: 1 }, repeated: false });
  expect(again).toEqual({ status: 201, body: { value: 1 }, repeated: true });
  expect(await t.requests.once(t.caller, { key: "k2", request: "r" }, answer(2))).toMatchObject({ body: { value: 2 }, repeated: false });
  // Keys are the caller's own.
  expect(await t.requests.once({ ...t.caller, id: randomUUID() }, { key: "k1", request: "r" }, answer(3))).toMatchObject({
    body: { value: 3 },
  });
});

test("of twenty at once under one key one acts, and the others are told to wait", async () => {
  await using t = await open();
  let acted = 0;
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const act = async () => {
    acted += 1;
    await held;
    return { status: 200, body: null };
  };
  const sent = Array.from({ length: 20 }, () => t.requests.once(t.caller, { key: "k", request: "r" }, act));
  const settled = Promise.allSettled(sent);
  await expect.poll(() => acted).toBe(1);
  await Promise.race(sent.map((one) => one.catch(() => undefined)));
  go();
  const outcomes = await settled;
  expect(acted).toBe(1);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "idempotency.under-way" });
});

test("a key means its request: another one under it is refused", async () => {
  await using t = await open();
  await t.requests.once(t.caller, { key: "k", request: "r" }, answer(1));
  await expect(t.requests.once(t.caller, { key: "k", request: "s" }, answer(2))).rejects.toMatchObject({ code: "idempotency.key-reused" });
});

test("an act that was refused may be tried again under its key, and so may one whose process died, a minute later", async () => {
  await using t = await open();
  const failing = () => Promise.reject(new Failure("limit", "quotas.held", "no"));
  await expect(t.requests.once(t.caller, { key: "k", request: "r" }, failing)).rejects.toThrow("no");
  expect(await t.requests.once(t.caller, { key: "k", request: "r" }, answer(1))).toMatchObject({ body: { value: 1 }, repeated: false });

  void t.requests.once(t.caller, { key: "dead", request: "r" }, () => new Promise(() => {}));
  await expect
    .poll(() => t.requests.once(t.caller, { key: "dead", request: "r" }, answer(2)).catch((error: { code: string }) => error.code))
    .toBe("idempotency.under-way");
  t.pass(60_001);
  expect(await t.requests.once(t.caller, { key: "dead", request: "r" }, answer(2))).toMatchObject({ body: { value: 2 }, repeated: false });
});

test.each([
  ["a bug", new Error("Connection terminated unexpectedly")],
  ["the database away", new Failure("unavailable", DATABASE_AWAY, "away")],
])(
  "an act of which nobody knows whether it was done (%s) waits, and is then the same act again; another request is another",
  async (_, error) => {
    await using t = await open();
    const acts: string[] = [];
    const acting = (actId: string) => {
      acts.push(actId);
      return Promise.reject(error);
    };
    const once = (request: string) => t.requests.once(t.caller, { key: "k", request }, acting);
    await expect(once("r")).rejects.toBe(error);
    await expect(once("r")).rejects.toMatchObject({ code: "idempotency.under-way" });
    t.pass(60_001);
    await expect(once("r")).rejects.toBe(error);
    expect(acts[1]).toBe(acts[0]);
    t.pass(60_001);
    await expect(once("other")).rejects.toBe(error);
    t.pass(24 * 60 * 60_000 + 1);
    await expect(once("other")).rejects.toBe(error);
    expect(new Set(acts).size).toBe(3);
  },
);

test("what was done is not done again because its answer could not be kept", async () => {
  await using t = await open();
  let calls = 0;
  const failing: typeof t.fastDatabase = {
    ...t.fastDatabase,
    // The claim is the first, the answer the second.
    inTenant: (tenantId, work, options) =>
      ++calls === 2 ? Promise.reject(new Error("the connection is gone")) : t.fastDatabase.inTenant(tenantId, work, options),
  };
  const requests = createRequests({ ...t.parts, fastDatabase: failing });
  await expect(requests.once(t.caller, { key: "k", request: "r" }, answer(1))).rejects.toThrow("the connection is gone");
  const again = requests.once(t.caller, { key: "k", request: "r" }, () => Promise.reject(new Error("acted twice")));
  await expect(again).rejects.toMatchObject({ code: "idempotency.under-way" });
});

test("keys are forgotten after a day", async () => {
  await using t = await open();
  await t.requests.once(t.caller, { key: "k", request: "r" }, answer(1));
  expect(await t.requests.forget(systemActor("idempotency-retention"))).toBe(0);
  t.pass(24 * 60 * 60_000 + 1);
  expect(await t.requests.forget(systemActor("idempotency-retention"))).toBe(1);
  expect(await t.requests.once(t.caller, { key: "k", request: "other" }, answer(2))).toMatchObject({ repeated: false });
});

test("a burst is let through, the next request is told when to come, and what is left is told with each", async () => {
  await using t = await open({ limit: 1, windowSeconds: 3_600, burst: 3 });
  const told: Taken[] = [];
  const take = () => t.requests.take(t.caller, (taken) => told.push(taken));
  for (let request = 0; request < 3; request++) await take();
  await expect(take()).rejects.toMatchObject({ code: "request.rate-limited", kind: "limit" });
  expect(told.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
    [true, 2],
    [true, 1],
    [true, 0],
    [false, 0],
  ]);
  expect(told.at(-1)?.retryAfterSeconds).toBeGreaterThan(3_500);
  expect(told.at(-1)?.retryAfterSeconds).toBeLessThanOrEqual(3_600);
  // Somebody else has an allowance of their own.
  await t.requests.take({ ...t.caller, id: randomUUID() }, () => {});
});

test("with Redis away nobody is held back, and the log says so once", async () => {
  await using t = await open({ limit: 1, windowSeconds: 3_600, burst: 1 });
  await t.redis.close();
  for (let request = 0; request < 5; request++) await t.requests.take(t.caller, () => {});
  expect(t.warned).toHaveLength(1);
});
