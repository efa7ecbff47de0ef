import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LockFile, missingPlatforms } from "./lock-file.ts";

const lock: LockFile = JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8"));

test("npm ci accepts the lock file on every platform (else: node scripts/lock-file.ts)", () => {
  expect(missingPlatforms(lock).map(({ name }) => name)).toEqual([]);
});

test("no address of a registry stands in the lock file", () => {
  expect(
    Object.entries(lock.packages).filter(([path, entry]) => "resolved" in entry && path.includes("node_modules/") && !("link" in entry)),
  ).toEqual([]);
});

test("a platform package without an entry is found, with the platform that its name says", () => {
  const made: LockFile = {
    packages: {
      "": {},
      "node_modules/tool": {
        optionalDependencies: { "@tool/linux-x64-musl": "1.2.3", "@tool/win32-arm64-msvc": "^1.2.3", "@tool/wasm32-wasi": "1.2.3" },
      },
      "node_modules/tool/node_modules/@tool/wasm32-wasi": { version: "1.2.3" },
    },
  };
  expect(missingPlatforms(made)).toEqual([
    { name: "@tool/linux-x64-musl", entry: { version: "1.2.3", optional: true, cpu: ["x64"], os: ["linux"], libc: ["musl"] } },
    { name: "@tool/win32-arm64-msvc", entry: { version: "1.2.3", optional: true, cpu: ["arm64"], os: ["win32"] } },
  ]);
});
