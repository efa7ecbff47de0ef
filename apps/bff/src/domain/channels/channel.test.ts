import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChannelState, isCanary, resolve, stickyHashOf, WHOLE } from "./channel.ts";

const judgement = { step: 1, slowMs: 2_000, dearMicros: null };
const channel: ChannelState = {
  id: "c",
  stable: { id: "old", revoked: false },
  canary: { id: "new", revoked: false },
  canaryWeight: 1_000,
  rolloutId: "r",
  judgement,
};

test("a key that meets the canary at one weight meets it at every larger one", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: WHOLE }), fc.integer({ min: 0, max: WHOLE }), (key, one, other) => {
      const hash = stickyHashOf("r", key);
      expect(isCanary(hash, Math.min(one, other)) && !isCanary(hash, Math.max(one, other))).toBe(false);
      expect([isCanary(hash, 0), isCanary(hash, WHOLE)]).toEqual([false, true]);
    }),
  );
});

test.each([100, 1_000, 5_000])("of 20,000 keys the share that meets the canary is the weight: %i of 10,000", (canaryWeight) => {
  const keys = 20_000;
  const met = Array.from({ length: keys }, (_, n) => resolve({ ...channel, canaryWeight }, `user-${n}`)?.cohort).filter(
    (c) => c === "canary",
  );
  const share = canaryWeight / WHOLE;
  // Four standard deviations of the binomial.
  expect(Math.abs(met.length / keys - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / keys));
});

test("another rollout meets other people", () => {
  const keys = Array.from({ length: 2_000 }, (_, n) => `user-${n}`);
  const met = (rolloutId: string) => keys.filter((key) => resolve({ ...channel, rolloutId }, key)?.cohort === "canary");
  const [first, second] = [new Set(met("r")), met("s")];
  expect(second.filter((key) => first.has(key)).length).toBeLessThan(second.length / 3);
});

test("the hash is the one that is written down: SHA-256 over salt, zero and key, its first eight bytes, signed", () => {
  expect(stickyHashOf("r", "user-1")).toBe(Buffer.from("20fc17a0ca678e9e", "hex").readBigInt64BE(0));
});

test("a run is judged as what it was assigned to, by what the step asks", () => {
  const canary = resolve({ ...channel, canaryWeight: WHOLE }, "k");
  expect(canary).toMatchObject({ versionId: "new", cohort: "canary", judged: { ...judgement, rolloutId: "r", cohort: "canary" } });
  expect(resolve({ ...channel, canaryWeight: 0 }, "k")).toMatchObject({ versionId: "old", judged: { cohort: "baseline" } });
  expect(resolve({ ...channel, canary: null, canaryWeight: 0, rolloutId: null, judgement: null }, "k")).toMatchObject({
    versionId: "old",
    cohort: null,
    judged: null,
  });
});

test("what was revoked is never given: its keys get the baseline, which is then no evidence; without a baseline they get nothing", () => {
  const revoked = { id: "new", revoked: true };
  expect(resolve({ ...channel, canary: revoked, canaryWeight: WHOLE }, "k")).toMatchObject({
    versionId: "old",
    cohort: null,
    judged: null,
  });
  expect(resolve({ ...channel, stable: { id: "old", revoked: true }, canaryWeight: 0 }, "k")).toBeNull();
  expect(resolve({ ...channel, stable: { id: "old", revoked: true }, canaryWeight: WHOLE }, "k")).toMatchObject({ versionId: "new" });
  expect(resolve({ ...channel, stable: null, canary: revoked }, "k")).toBeNull();
  expect(resolve({ ...channel, stable: null, canary: null, rolloutId: null }, "k")).toBeNull();
});

test("the first version of a channel is given to every key, whatever its weight", () => {
  expect(resolve({ ...channel, stable: null, canaryWeight: 1 }, "k")).toMatchObject({ versionId: "new", cohort: "canary" });
});
