import { describe, expect, test } from "vitest";
import { INPUTS_MAX, withNewest } from "./input-memory.ts";
import { EDITOR_BYTES_MAX, faultOf, INPUT_BYTES_MAX, isLarge, typedInput } from "./try-input.ts";

describe("the input of a try", () => {
  test("that is not JSON says at which line and column", () => {
    expect(faultOf(typedInput('{\n  "a": tru\n}'))).toMatchObject({ kind: "not-json", line: 2 });
    expect(faultOf(typedInput('{\n  "a": 1'))).toMatchObject({ kind: "not-json", line: 2 });
  });

  test("may be any JSON value", () => {
    for (const text of ["{}", "[]", "null", '"text"', "7"]) expect(faultOf(typedInput(text))).toBeNull();
  });

  test("is counted in bytes, not letters", () => {
    expect(typedInput("é").sizeBytes).toBe(2);
    expect(faultOf({ name: "a.json", text: "0", sizeBytes: INPUT_BYTES_MAX + 1 })).toEqual({ kind: "too-large" });
  });

  test("that is large stays out of the editor", () => {
    expect(isLarge({ name: "package-lock.json", text: "{}", sizeBytes: EDITOR_BYTES_MAX + 1 })).toBe(true);
    expect(isLarge(typedInput("{}"))).toBe(false);
  });

  test("that is empty is asked for", () => {
    expect(faultOf(typedInput(" \n"))).toEqual({ kind: "empty" });
  });
});

describe("remembered inputs", () => {
  const input = (text: string) => ({ name: null, text, sizeBytes: text.length, usedAt: "2026-11-01T10:00:00.000Z" });

  test("come newest first, each text once, and no more than fit", () => {
    let list = withNewest([], input("1"));
    list = withNewest(list, input("2"));
    list = withNewest(list, input("1"));
    expect(list.map(({ text }) => text)).toEqual(["1", "2"]);
    for (let index = 0; index < 20; index++) list = withNewest(list, input(String(index)));
    expect(list).toHaveLength(INPUTS_MAX);
    expect(list[0]?.text).toBe("19");
  });
});
