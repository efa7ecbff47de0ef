import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectRuntime, reachableByOthers } from "./runtime-files.ts";

describe("the files a sandbox sees", () => {
  it("are the system's libraries and no native addon, whatever this process has loaded", async () => {
    await import("@agent-factory/protocol"); // its MessagePack loads one
    const { libraries, program } = inspectRuntime();
    expect(libraries.map(([, path]) => path).filter((path) => path.endsWith(".node") || path.includes("node_modules"))).toEqual([]);
    expect(program).not.toMatch(/: Command|import type/);
  });

  it("are found unreachable when any directory above them is closed to others", () => {
    const directory = mkdtempSync(join(tmpdir(), "reach-"));
    try {
      chmodSync(directory, 0o755);
      mkdirSync(join(directory, "inner"), { mode: 0o755 });
      const file = join(directory, "inner", "file");
      writeFileSync(file, "");
      chmodSync(file, 0o644);
      expect(reachableByOthers(file)).toBe(true);
      chmodSync(file, 0o640);
      expect(reachableByOthers(file)).toBe(false);
      chmodSync(file, 0o644);
      chmodSync(directory, 0o700);
      expect(reachableByOthers(file)).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
