import { describe, expect, test } from "vitest";
import { placeFrames } from "./stack-frames.ts";

const frame = (file: string) => ({ function: "audit", file, line: 12, column: 9 });

describe("frames of an exception", () => {
  test("lead to the file of the archive, however the path is written", () => {
    for (const file of ["src/read.mjs", "./src/read.mjs", "src/../src/read.mjs", "src/read.mjs?attempt=2"]) {
      expect(placeFrames([frame(file)], ["index.mjs", "src/read.mjs"])[0]?.path).toBe("src/read.mjs");
    }
  });

  test("of files that the archive does not hold lead nowhere", () => {
    expect(placeFrames([frame("other.mjs"), frame("../../etc/passwd")], ["index.mjs"]).map(({ path }) => path)).toEqual([null, null]);
  });

  test("lead nowhere while the archive is unknown", () => {
    expect(placeFrames([frame("index.mjs")], null)[0]?.path).toBeNull();
  });

  test("keep order, line and column", () => {
    expect(placeFrames([{ function: null, file: "a.mjs", line: 1, column: 2 }, frame("b.mjs")], ["a.mjs", "b.mjs"])).toMatchObject([
      { line: 1, column: 2, path: "a.mjs" },
      { line: 12, column: 9, path: "b.mjs" },
    ]);
  });
});
