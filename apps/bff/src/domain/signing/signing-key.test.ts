import fc from "fast-check";
import { expect, test } from "vitest";
import { covers, distrustSteps, dueSteps, type KeyStep, nextRotation, rotateSteps, type SigningKey } from "./signing-key.ts";

const DAY_MS = 24 * 60 * 60_000;
const START = Date.parse("2026-11-24T10:00:00.400Z");
const at = (days: number) => new Date(START + days * DAY_MS);

/** The keys after the steps, as the store does them: null when a step meets a state that has no such way out. */
function take(keys: readonly SigningKey[], steps: readonly KeyStep[]): SigningKey[] {
  const next = keys.map((key) => ({ ...key }));
  const from = (id: string, ...states: SigningKey["state"][]) => {
    const key = next.find((one) => one.id === id);
    if (!key || !states.includes(key.state)) throw new Error(`${id} is ${key?.state}, not ${states.join(" or ")}`);
    return key;
  };
  for (const step of steps) {
    if (step.type === "create") {
      next.push({ id: `k${next.length}`, state: step.state, notBefore: step.notBefore, notAfter: null, distrustedFrom: null });
    } else if (step.type === "activate") Object.assign(from(step.keyId, "announced"), { state: "active" });
    else if (step.type === "retire") {
      Object.assign(from(step.keyId, ...(step.to === "retiring" ? (["active"] as const) : (["announced"] as const))), {
        state: step.to,
        notAfter: step.notAfter,
      });
    } else Object.assign(from(step.keyId, "retiring"), { state: "retired" });
    if (next.filter(({ state }) => state === "active").length > 1) throw new Error("two keys are active");
  }
  return next;
}
const states = (keys: readonly SigningKey[]) => keys.map(({ state }) => state);
const live = (keys: readonly SigningKey[]) => keys.filter(({ state }) => state !== "retired");

test("a key is announced 5 days ahead, active on the 30th day, and the one before is erased an hour later", () => {
  let keys = take([], rotateSteps([], at(0)));
  expect(nextRotation(keys)).toEqual(new Date(Math.floor(START / 1000) * 1000 + 30 * DAY_MS));
  expect(dueSteps(keys, at(24.99))).toEqual([]);
  keys = take(keys, dueSteps(keys, at(25)));
  expect(states(keys)).toEqual(["active", "announced"]);
  expect(nextRotation(keys)).toEqual(keys[1]?.notBefore);
  expect(dueSteps(keys, at(29.99))).toEqual([]);
  keys = take(keys, dueSteps(keys, at(30)));
  expect(states(keys)).toEqual(["retiring", "active"]);
  expect(dueSteps(keys, new Date(at(30).getTime() + 59 * 60_000))).toEqual([]);
  keys = take(keys, dueSteps(keys, new Date(at(30).getTime() + 61 * 60_000)));
  expect(states(keys)).toEqual(["retired", "active"]);
  const [old, young] = keys as [SigningKey, SigningKey];
  // The log's second of the handover belongs to both; what the old one signed before keeps holding.
  const handover = new Date(Math.floor(at(30).getTime() / 1000) * 1000);
  expect([covers(old, handover), covers(young, handover)]).toEqual([true, true]);
  expect(covers(old, new Date(handover.getTime() + 1000))).toBe(false);
  expect(covers(old, at(3))).toBe(true);
});

test("distrust begins with its whole second, as every verifier reads it", () => {
  const key = { notBefore: at(0), notAfter: null, distrustedFrom: new Date("2026-11-30T10:00:05.900Z") };
  expect(covers(key, new Date("2026-11-30T10:00:05.000Z"))).toBe(false);
  expect(covers(key, new Date("2026-11-30T10:00:04.000Z"))).toBe(true);
});

test("a registry that slept over the rotation makes the next key at once", () => {
  const keys = take([], rotateSteps([], at(0)));
  expect(states(take(keys, dueSteps(keys, at(40))))).toEqual(["retiring", "active"]);
});

test("a rotation by hand puts an announced key aside, whose window is empty", () => {
  let keys = take([], rotateSteps([], at(0)));
  keys = take(keys, dueSteps(keys, at(26)));
  keys = take(keys, rotateSteps(keys, at(27)));
  expect(states(keys)).toEqual(["retiring", "retired", "active"]);
  expect(keys[1]?.notAfter).toEqual(keys[1]?.notBefore);
});

test("distrusting replaces an active key, puts an announced one aside and moves nothing else", () => {
  let keys = take([], rotateSteps([], at(0)));
  keys = take(keys, dueSteps(keys, at(26)));
  expect(states(take(keys, distrustSteps(keys, "k0", at(27))))).toEqual(["retiring", "retired", "active"]);
  expect(states(take(keys, distrustSteps(keys, "k1", at(27))))).toEqual(["active", "retired"]);
  keys = take(keys, dueSteps(keys, at(30)));
  expect(distrustSteps(keys, "k0", at(30))).toEqual([]);
  const distrusted = { ...(keys[0] as SigningKey), distrustedFrom: at(10) };
  expect([covers(distrusted, at(9.9)), covers(distrusted, at(10)), covers(distrusted, at(29))]).toEqual([true, false, false]);
});

test("whatever is done in whatever order, one key is active, its window is open, and every moment is covered", () => {
  const act = fc.record({
    afterMs: fc.integer({ min: 0, max: 12 * DAY_MS }),
    what: fc.constantFrom("due", "due", "due", "rotate", "distrust"),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      let [keys, now] = [take([], rotateSteps([], new Date(START))), START];
      for (const { afterMs, what } of acts) {
        now += afterMs;
        const time = new Date(now);
        const active = keys.find(({ state }) => state === "active");
        if (what === "rotate") keys = take(keys, rotateSteps(live(keys), time));
        else if (what === "distrust") keys = take(keys, distrustSteps(live(keys), active?.id ?? "", time));
        else keys = take(keys, dueSteps(live(keys), time));
        const [one, ...more] = keys.filter(({ state }) => state === "active");
        expect(more).toEqual([]);
        expect(one && covers(one, new Date(Math.floor(now / 1000) * 1000))).toBe(true);
        expect(keys.filter(({ state }) => state === "announced").length).toBeLessThanOrEqual(1);
      }
      for (let moment = START; moment <= now; moment += DAY_MS / 3) {
        const second = new Date(Math.floor(moment / 1000) * 1000);
        expect(keys.some((key) => covers(key, second))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
