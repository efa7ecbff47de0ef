import { expect, test } from "vitest";
import { createShortMemory } from "./short-memory.ts";

function open() {
  let now = 1_000;
  let ring = () => {};
  let reads = 0;
  const memory = createShortMemory<number>({
    hear: (listener) => {
      ring = listener;
    },
    now: () => new Date(now),
    staleMs: 100,
  });
  const read = async () => {
    reads += 1;
    return reads;
  };
  return {
    memory,
    get: () => memory.get("key", read),
    ring: () => ring(),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("what was read is answered until its time is over, counted from before the read", async () => {
  const t = open();
  expect(await t.get()).toBe(1);
  t.pass(99);
  expect(await t.get()).toBe(1);
  t.pass(1);
  expect(await t.get()).toBe(2);
  const slow = t.memory.get("slow", async () => {
    t.pass(60);
    return 7;
  });
  expect(await slow).toBe(7);
  t.pass(40);
  expect(await t.memory.get("slow", async () => 8)).toBe(8);
});

test("a clock that was set back keeps nothing alive", async () => {
  const t = open();
  expect(await t.get()).toBe(1);
  t.pass(-1);
  expect(await t.get()).toBe(2);
});

test("a doorbell and the one who changed it outdate what is remembered, and what is being read", async () => {
  const t = open();
  for (const outdate of [t.ring, t.memory.forget]) {
    const before = await t.get();
    outdate();
    expect(await t.get()).toBe((before ?? 0) + 1);
    const read = t.memory.get(`read-${before}`, async () => {
      outdate();
      return 1;
    });
    expect(await read).toBe(1);
    expect(await t.memory.get(`read-${before}`, async () => 2)).toBe(2);
  }
});

test("what is not there is asked for every time, and a read that fails is nobody's answer", async () => {
  const t = open();
  expect(await t.memory.get("none", async () => null)).toBeNull();
  expect(await t.memory.get("none", async () => 3)).toBe(3);
  await expect(t.memory.get("broken", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await t.memory.get("broken", async () => 4)).toBe(4);
});
