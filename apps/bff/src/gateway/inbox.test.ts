import type { HostFrame } from "@agent-factory/protocol";
import { expect, test } from "vitest";
import { createInbox } from "./inbox.ts";

const refuse = (reason: string): HostFrame => ({ t: "refuse", runs: [{ runId: "r", attempt: 1, fence: 1, reason }] });
const log = (seq: number): HostFrame => ({
  t: "log",
  entries: [{ runId: "r", attempt: 1, fence: 1, seq, at: 0, stream: "log", text: "" }],
});

test("frames are worked off in order; neighbours of one kind are one batch", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const inbox = createInbox({
    handle: async (frame) => {
      await gate.promise;
      seen.push(frame.t === "log" ? `log ${frame.entries.map(({ seq }) => seq).join(" ")}` : frame.t);
    },
    failed: () => undefined,
    full: () => undefined,
  });
  for (const frame of [refuse("a"), log(1), log(2), refuse("b"), log(3)]) inbox.add(frame, 10);
  gate.resolve();
  await inbox.finish();
  expect(seen).toEqual(["refuse", "log 1 2", "refuse", "log 3"]);
});

test("reports of one epoch are one batch, and nobody else's are among them", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const inbox = createInbox({
    handle: async (frame) => {
      await gate.promise;
      if (frame.t === "metrics") seen.push(`${frame.epoch} ${frame.batches.map(({ seq }) => seq).join(" ")}`);
    },
    failed: () => undefined,
    full: () => undefined,
  });
  const figures = { ageMs: 0, spanMs: 1, slotMs: 1, busySlotMs: 1, batchesDropped: 0, lost: [] };
  const said = (epoch: string, ...seqs: number[]): HostFrame => ({
    t: "metrics",
    epoch,
    batches: seqs.map((seq) => ({ seq, ...figures })),
  });
  for (const frame of [refuse("a"), said("before", 1), said("before", 2, 3), said("after", 0), said("after", 1)]) inbox.add(frame, 10);
  gate.resolve();
  await inbox.finish();
  expect(seen).toEqual(["before 1 2 3", "after 0 1"]);
});

test("what was added before the end is worked off, what comes after it is not", async () => {
  const seen: string[] = [];
  const inbox = createInbox({ handle: async (frame) => void seen.push(frame.t), failed: () => undefined, full: () => undefined });
  inbox.add(refuse("a"), 10);
  const finished = inbox.finish();
  inbox.add(log(1), 10);
  await finished;
  expect(seen).toEqual(["refuse"]);
});

test("after a frame that failed nothing more is worked off", async () => {
  const seen: string[] = [];
  const failures: unknown[] = [];
  const inbox = createInbox({
    handle: async (frame) => {
      seen.push(frame.t);
      if (frame.t === "refuse") throw new Error("no");
    },
    failed: (error) => failures.push(error),
    full: () => undefined,
  });
  inbox.add(refuse("a"), 10);
  inbox.add(log(1), 10);
  await inbox.finish();
  expect([seen, failures.length]).toEqual([["refuse"], 1]);
});

test("a host that says more than can be written is told to wait, and to go on", async () => {
  const told: boolean[] = [];
  const gate = Promise.withResolvers<void>();
  const inbox = createInbox({ handle: () => gate.promise, failed: () => undefined, full: (isFull) => told.push(isFull) });
  for (let frames = 0; frames < 6; frames += 1) inbox.add(refuse("x"), 1024 * 1024);
  expect(told).toEqual([true]);
  gate.resolve();
  await inbox.finish();
  expect(told).toEqual([true, false]);
});
