import { expect, test } from "vitest";
import { keepWords, keptPlaces, keptWords } from "./kept-words.ts";

function storage() {
  const map = new Map<string, string>();
  return {
    getItem: (name: string) => map.get(name) ?? null,
    setItem: (name: string, value: string) => void map.set(name, value),
    removeItem: (name: string) => void map.delete(name),
    key: (at: number) => [...map.keys()][at] ?? null,
    get length() {
      return map.size;
    },
  };
}
const key = (place: string, user = "ada") => ({ tenant: "acme", user, place });

test("words are kept for their writer and place, and gone when there are none", () => {
  const kept = storage();
  keepWords(kept, key("12/line//spec"), "Which calls");
  expect(keptWords(kept, key("12/line//spec"))).toBe("Which calls");
  expect(keptWords(kept, key("12/line//spec", "bob"))).toBe("");
  expect(keptPlaces(kept, key("12/line/"))).toEqual(["/spec"]);
  keepWords(kept, key("12/line//spec"), "  ");
  expect(kept.length).toBe(0);
});

test("a browser that keeps nothing is no fault", () => {
  const forbidden = () => {
    throw new DOMException("no", "SecurityError");
  };
  expect(keptWords({ getItem: forbidden }, key("x"))).toBe("");
  expect(() => keepWords({ setItem: forbidden, removeItem: forbidden }, key("x"), "y")).not.toThrow();
});
