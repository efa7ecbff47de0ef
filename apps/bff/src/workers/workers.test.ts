import { createLogger } from "@agent-factory/process/logger";
import { expect, test } from "vitest";
import type { FastDatabase } from "../platform/fast-database.ts";
import { startWorkers } from "./workers.ts";

async function open(change: { expire?: () => Promise<number>; lead?: (name: string) => boolean } = {}) {
  const turns: string[] = [];
  const lines: string[] = [];
  let now = 0;
  const counted =
    (name: string, answer: () => Promise<number> = async () => 0) =>
    async () => {
      turns.push(name);
      return answer();
    };
  const workers = await startWorkers({
    requests: { forget: counted("forget-keys") },
    signing: { rotateDue: counted("rotate-keys"), sequenceAudit: counted("sequence-audit") },
    templates: {
      publish: () => Promise.reject(new Error("nothing is published here")),
      sign: () => Promise.reject(new Error("nor signed")),
    },
    runs: {
      leaseMs: 10_000,
      expire: counted("expire", change.expire),
      takeBack: counted("take-back"),
      cancelOfVersion: counted("cancel-of-version"),
      forgetLogs: counted("forget-logs"),
    },
    fleet: { loseSilent: counted("lose-silent"), resumeCordoned: counted("resume-cordoned"), forgetJoinTokens: counted("forget-tokens") },
    trust: { changed: async () => undefined },
    plans: { publish: async () => null, sign: async () => ({ attestationId: "a" }) },
    rollouts: { tick: counted("tick-rollouts"), onVersionRevoked: counted("on-version-revoked") },
    usage: { ingest: counted("ingest"), watchBudgets: counted("watch-budgets"), retention: counted("forget-usage") },
    notices: { hear: async () => undefined, forget: counted("forget-notices") },
    // The outbox's turn is the database's own; here nothing waits in it.
    fastDatabase: { asSystem: async () => 0 } as unknown as FastDatabase,
    lead: async (name, turn) => ((change.lead ?? (() => true))(name) ? turn() : null),
    logger: createLogger({ app: "test", level: "info", destination: { write: (line) => lines.push(line) } }),
    clock: { now: () => new Date(now) },
  });
  return { workers, turns, lines, pass: (ms: number) => (now += ms), [Symbol.asyncDispose]: () => workers.close() };
}

test("after a start hosts have the time of a lease to come back before anything is taken from them", async () => {
  await using t = await open();
  t.pass(9_999);
  await t.workers.turn();
  expect(t.turns).toEqual([
    "resume-cordoned",
    "ingest",
    "tick-rollouts",
    "watch-budgets",
    "forget-usage",
    "sequence-audit",
    "rotate-keys",
    "forget-tokens",
    "forget-logs",
    "forget-keys",
    "forget-notices",
  ]);
  t.pass(1);
  await t.workers.turn();
  expect(t.turns).toContain("expire");
  expect(t.turns).toContain("lose-silent");
});

test("a full batch is followed by the next at once, and a turn that fails stops neither its loop nor the others", async () => {
  const batches = [500, 500, 3];
  await using full = await open({ expire: async () => batches.shift() ?? 0 });
  full.pass(10_000);
  await full.workers.turn();
  expect(full.turns.filter((name) => name === "expire")).toHaveLength(3);
  await using failing = await open({ expire: () => Promise.reject(new Error("the database is away")) });
  failing.pass(10_000);
  await failing.workers.turn();
  expect(failing.turns).toContain("forget-logs");
  expect(failing.lines.join("")).toContain("the database is away");
});

test("a loop that another process leads does nothing here", async () => {
  await using t = await open({ lead: (name) => name !== "lease-expiry" });
  t.pass(10_000);
  await t.workers.turn();
  expect(t.turns).not.toContain("expire");
  expect(t.turns).toContain("lose-silent");
});
