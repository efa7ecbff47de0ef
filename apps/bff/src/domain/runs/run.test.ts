import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, decideLoss, explainWaiting, isFinal, judgeResult, judgeStranger, runStates, storable } from "./run.ts";

const now = new Date("2026-11-01T12:00:00Z");
const facts = { notBefore: now, attempt: 1, hosts: [{ state: "ready", hosts: 2, slotsFree: 3 }], ahead: 0 };

describe("a lost run", () => {
  test("is tried again while attempts are left, then is dead, and is cancelled when somebody asked for that", () => {
    expect(decideLoss({ attempt: 1, maxAttempts: 2, cancelRequested: false }, 0)).toEqual({ to: "queued", attempt: 2, delayMs: 250 });
    expect(decideLoss({ attempt: 2, maxAttempts: 2, cancelRequested: false }, 0)).toEqual({ to: "dead" });
    expect(decideLoss({ attempt: 1, maxAttempts: 2, cancelRequested: true }, 0)).toEqual({ to: "cancelled" });
  });

  test("waits longer each time, at least half of the step and at most a minute", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, random) => {
        const ms = backoffMs(attempt, random);
        const ceiling = Math.min(60_000, 500 * 2 ** Math.min(attempt - 1, 20));
        expect(ms).toBeGreaterThanOrEqual(ceiling / 2);
        expect(ms).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  test("cannot be tried for ever: after maxAttempts losses it is over", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (maxAttempts) => {
        let attempt = 1;
        for (let losses = 1; ; losses += 1) {
          const loss = decideLoss({ attempt, maxAttempts, cancelRequested: false }, 0.5);
          if (loss.to !== "queued") return losses === maxAttempts;
          attempt = loss.attempt;
        }
      }),
    );
  });
});

describe("a result", () => {
  const error = { kind: "exception" as const, message: "x", stack: [] };
  const asked = (cancelRequested: boolean) => ({ cancelRequested, revoked: false });

  test("of the template's own code is an answer; of a lost sandbox it is a loss", () => {
    expect(judgeResult({ outcome: "failed", error }, asked(false))).toEqual({ as: "end", state: "failed", error });
    expect(judgeResult({ outcome: "failed", error: { ...error, kind: "sandbox-lost" } }, asked(false))).toMatchObject({ as: "loss" });
    expect(judgeResult({ outcome: "failed", error: null }, asked(false))).toMatchObject({ as: "end", error: { kind: "internal" } });
    expect(judgeResult({ outcome: "cancelled", error: null }, asked(true))).toMatchObject({ as: "end", state: "cancelled" });
    expect(judgeResult({ outcome: "cancelled", error: null }, asked(false))).toMatchObject({ as: "loss" });
    // It was faster than the wish to cancel it.
    expect(judgeResult({ outcome: "succeeded", error: null }, asked(true))).toMatchObject({ as: "end", state: "succeeded" });
  });

  test("that refuses the version is an end, never tried again; of a version revoked meanwhile it is the end that was asked for", () => {
    const refused = { outcome: "failed" as const, error: { ...error, kind: "integrity" as const, check: "inclusion" } };
    const heard = { ...refused, error: { ...refused.error, check: "not-revoked" } };
    expect(judgeResult(refused, asked(false))).toEqual({ as: "end", state: "failed", error: refused.error });
    expect(judgeResult(heard, asked(false))).toMatchObject({ as: "end", state: "failed" });
    expect(judgeResult(heard, { cancelRequested: true, revoked: true })).toEqual({ as: "end", state: "cancelled", error: null });
    // Damage stays damage, whatever somebody asked for meanwhile.
    expect(judgeResult(refused, { cancelRequested: true, revoked: true })).toMatchObject({
      state: "failed",
      error: { check: "inclusion" },
    });
  });

  test("is accepted again only in the same words by the same host", () => {
    const run = { state: "succeeded" as const, attempt: 2, fence: 5, hostId: "a" };
    expect(judgeStranger(run, { attempt: 2, fence: 5, hostId: "a" })).toEqual({ accepted: true });
    expect(judgeStranger(run, { attempt: 2, fence: 4, hostId: "a" })).toEqual({ accepted: false, reason: "already-ended" });
    expect(judgeStranger(run, { attempt: 2, fence: 5, hostId: "b" })).toEqual({ accepted: false, reason: "already-ended" });
    expect(judgeStranger({ ...run, state: "queued" }, { attempt: 2, fence: 5, hostId: "a" })).toEqual({
      accepted: false,
      reason: "lease-lost",
    });
    expect(judgeStranger(null, { attempt: 2, fence: 5, hostId: "a" })).toEqual({ accepted: false, reason: "unknown-run" });
  });
});

describe("a queued run says why it waits", () => {
  const waiting = (change: Partial<typeof facts>) => explainWaiting({ ...facts, ...change }, now).code;
  test.each([
    ["no-host", { hosts: [] }],
    ["no-host", { hosts: [{ state: "lost", hosts: 1, slotsFree: 4 }] }],
    ["host-cordoned", { hosts: [{ state: "cordoned", hosts: 1, slotsFree: 4 }] }],
    ["backoff", { notBefore: new Date(now.getTime() + 1) }],
    ["no-free-slot", { hosts: [{ state: "ready", hosts: 1, slotsFree: 0 }] }],
    ["behind", { ahead: 3 }],
    ["unknown", {}],
  ])("%s", (code, change) => expect(waiting(change)).toBe(code));
});

test("four states are final", () => {
  expect(runStates.filter(isFinal)).toEqual(["succeeded", "failed", "cancelled", "dead"]);
});

test("any text from a sandbox can be stored: no NUL, no lone surrogate", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 0xd800, max: 0xdfff }), (text, surrogate) => {
      const stored = storable(`${text}\u0000${String.fromCharCode(surrogate)}`);
      expect(stored).not.toContain("\u0000");
      expect(stored.isWellFormed()).toBe(true);
    }),
  );
});
