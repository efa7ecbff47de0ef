import { expect, test } from "vitest";
import { changeOf, moverOf, shareOf, stackOf } from "./cost-change.ts";

test("a change is told as a share, and what cannot be one is told as what it is", () => {
  expect(changeOf({ amount: 112, previous: 100 })).toEqual({ kind: "changed", share: 0.12 });
  expect(changeOf({ amount: 50, previous: 100 })).toEqual({ kind: "changed", share: -0.5 });
  expect(changeOf({ amount: 50, previous: 0 })).toEqual({ kind: "new" });
  expect(changeOf({ amount: 0, previous: 50 })).toEqual({ kind: "gone" });
  expect(changeOf({ amount: 0, previous: 0 })).toEqual({ kind: "same" });
  expect(changeOf({ amount: 1_004, previous: 1_000 })).toEqual({ kind: "same" });
  expect(changeOf({ amount: 50, previous: null })).toBeNull();
});

test("what moved most of the total is named, in both directions", () => {
  const grew = [
    { key: "a", amount: 90, previous: 40 },
    { key: "b", amount: 30, previous: 20 },
  ];
  expect(moverOf(grew, { amount: 120, previous: 60 })?.key).toBe("a");
  const shrank = [
    { key: "a", amount: 10, previous: 40 },
    { key: "b", amount: 30, previous: 20 },
  ];
  expect(moverOf(shrank, { amount: 40, previous: 60 })?.key).toBe("a");
});

test("nothing is named when many moved a little, or only against the total", () => {
  const many = Array.from({ length: 4 }, (_, n) => ({ key: String(n), amount: 11, previous: 10 }));
  expect(moverOf(many, { amount: 44, previous: 40 })).toBeNull();
  expect(moverOf([{ key: "a", amount: 1, previous: 9 }], { amount: 100, previous: 50 })).toBeNull();
  expect(moverOf(many, { amount: 44, previous: null })).toBeNull();
});

test("a share of nothing is nothing", () => {
  expect(shareOf(0, 0)).toBe(0);
  expect(shareOf(1, 4)).toBe(0.25);
});

test("no more series than can be told apart; what costs nothing is none", () => {
  const rows = [5, 4, 3, 2, 1, 0].map((amount) => ({ key: String(amount), amount }));
  expect(stackOf(rows, 5)).toEqual({ shown: rows.slice(0, 5), rest: [] });
  expect(stackOf(rows, 3)).toEqual({ shown: rows.slice(0, 2), rest: rows.slice(2, 5) });
});
