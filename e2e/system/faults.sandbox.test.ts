/**
 * What dies must not lose or double work. Each test drives the real processes (BFF, runtime agent with real sandboxes) on real
 * PostgreSQL and Redis, breaks one of them in mid-run, and then counts every run that was accepted: each has exactly one end.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type System, startSystem } from "./system.ts";

const READY_MS = 60_000;
const ENDS_MS = 120_000;

const CODE = {
  "index.mjs": `
    import { spawn } from "node:child_process";
    const behaviours = {
      sleep: async ({ ms }, context) => {
        context.log("started");
        await new Promise((resolve) => setTimeout(resolve, ms));
        return { slept: ms };
      },
      spin: () => { for (;;) {} },
      fork: async () => {
        let refused = 0;
        for (let n = 0; n < 500; n += 1) {
          try { spawn(process.execPath, ["-e", "setTimeout(()=>{},60000)"]).on("error", () => { refused += 1; }); } catch { refused += 1; }
        }
        await new Promise((resolve) => setTimeout(resolve, 500));
        return { refused };
      },
      eat: () => { const held = []; for (;;) held.push(Buffer.alloc(16 * 1024 * 1024, 1)); },
      print: async () => {
        const line = "x".repeat(1023) + "\\n";
        for (let n = 0; n < 100 * 1024; n += 1) if (!process.stdout.write(line)) await new Promise((resolve) => process.stdout.once("drain", resolve));
        return { printed: true };
      },
      throw: () => { throw new Error("planted"); },
    };
    export default (input, context) => behaviours[input.do](input, context);
  `,
};

let system: System;

beforeAll(async () => {
  system = await startSystem({ templateName: "behaves", code: CODE, timeout: "20s", memory: "128Mi", slots: 4 });
}, READY_MS);

afterAll(async () => {
  await system?.stop();
}, READY_MS);

test("a BFF that is killed and started again in mid-run loses no run and counts none twice", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll(Array.from({ length: 4 }, () => ({ do: "sleep", ms: 4_000 })));
  await system.until("all runs run", async () => (await system.states(runs)).every((state) => state === "running"));
  await system.killBff();
  await system.startBff();
  const ends = await system.ends(runs);
  expect(ends.map((run) => run.state)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
  expect(ends.every((run) => run.attempt === 1)).toBe(true);
  await system.expectCountedOnce(runs);
});

test("a host that is killed in mid-run: its runs are tried again on the next host and counted once", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll(Array.from({ length: 3 }, () => ({ do: "sleep", ms: 3_000 })));
  await system.until("all runs run", async () => (await system.states(runs)).every((state) => state === "running"));
  await system.killAgent();
  await system.startAgent();
  const ends = await system.ends(runs);
  expect(ends.map((run) => [run.state, run.attempt])).toEqual([
    ["succeeded", 2],
    ["succeeded", 2],
    ["succeeded", 2],
  ]);
  await system.expectCountedOnce(runs);
  expect(await system.sandboxesLeft()).toEqual([]);
});

test("Redis emptied in mid-run: the run finishes", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll([{ do: "sleep", ms: 2_000 }]);
  await system.until("the run runs", async () => (await system.states(runs))[0] === "running");
  await system.flushRedis();
  const later = await system.tryAll([{ do: "sleep", ms: 10 }]);
  expect((await system.ends([...runs, ...later])).map((run) => run.state)).toEqual(["succeeded", "succeeded"]);
  await system.expectCountedOnce([...runs, ...later]);
});

test("a sandbox that spins ends by its time limit and frees its slot", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll([{ do: "spin" }]);
  const [end] = await system.ends(runs);
  expect([end?.state, end?.error?.kind]).toEqual(["failed", "timeout"]);
  await system.expectCountedOnce(runs);
});

test("a sandbox that forks is held to its processes and the host goes on", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll([{ do: "fork" }, { do: "sleep", ms: 10 }]);
  const [forked, slept] = await system.ends(runs);
  if (forked?.state === "succeeded") expect(JSON.parse(forked.output?.text ?? "{}").refused).toBeGreaterThan(400);
  else expect(["pids", "memory", "exception"]).toContain(forked?.error?.kind);
  expect(slept?.state).toBe("succeeded");
  await system.expectCountedOnce(runs);
});

test("a sandbox that eats memory is ended at its limit with that reason", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll([{ do: "eat" }]);
  const [end] = await system.ends(runs);
  expect([end?.state, end?.error?.kind]).toEqual(["failed", "memory"]);
  await system.expectCountedOnce(runs);
});

test("a sandbox that prints 100 MB ends, with a bounded log that says what was left out", { timeout: ENDS_MS }, async () => {
  const runs = await system.tryAll([{ do: "print" }]);
  const [end] = await system.ends(runs);
  expect(end?.state).toBe("succeeded");
  expect(end?.usage?.logBytesDropped).toBeGreaterThan(90 * 1024 * 1024);
  expect(await system.logBytes(runs[0] ?? "")).toBeLessThan(2 * 1024 * 1024);
  await system.expectCountedOnce(runs);
});

test("after all of this, every run that was accepted has ended exactly once", { timeout: ENDS_MS }, async () => {
  await system.expectEveryRunEndedOnce();
});
