import { expect, test } from "vitest";
import { HOST_NAME, type Host, parseLabels, poolOf, unheld } from "./host-view.ts";

const level = {
  slotKind: "cpu" as const,
  slotsTotal: 4,
  slotsBusy: 1,
  warm: 2,
  warmTarget: 4,
  handOutMsP50: 0.8,
  handOutMsP99: 4.2,
  warmHits: 9,
  warmMisses: 1,
};
const host = (part: Partial<Host>): Host => ({ pool: {}, proof: null, ...part }) as Host;

test("a host's pools add up, and its latency is the worst of them", () => {
  expect(poolOf(host({ pool: { levels: [level, { ...level, handOutMsP50: null, handOutMsP99: 9.1 }] } }))).toEqual({
    warm: 4,
    warmTarget: 8,
    hits: 18,
    starts: 20,
    handOutMsP50: 0.8,
    handOutMsP99: 9.1,
  });
});

test("a host that reported no pool has no figures, not noughts", () => {
  expect(poolOf(host({ pool: {} }))).toBeNull();
});

test("what a sandbox does not stop is named", () => {
  const properties = [
    { name: "network", held: true, evidence: "refused" },
    { name: "memory", held: false, evidence: "no cgroup" },
  ] as const;
  expect(unheld(host({ proof: { properties: [...properties] } as unknown as Host["proof"] }))).toEqual(["memory"]);
  expect(unheld(host({}))).toEqual([]);
});

test("labels are read as typed, and the part that is wrong is named", () => {
  expect(parseLabels(" zone=paris, disk=ssd ,")).toEqual({ labels: { zone: "paris", disk: "ssd" } });
  expect(parseLabels("")).toEqual({ labels: {} });
  expect(parseLabels("zone=paris, fast")).toEqual({ wrong: "fast" });
  expect(parseLabels("a=b=c")).toEqual({ wrong: "a=b=c" });
});

test("host names are what the registry takes", () => {
  expect(["host-03", "a", "a".repeat(63)].every((name) => HOST_NAME.test(name))).toBe(true);
  expect(["", "-a", "a-", "Host", "a".repeat(64), "a b"].some((name) => HOST_NAME.test(name))).toBe(false);
});
