import { gzipSync } from "node:zlib";
import { Parser } from "tar";
import { describe, expect, test, vi } from "vitest";
import { refusal } from "../test-refusal.ts";
import { PACKED_BYTES_MAX, UNPACKED_BYTES_MAX, walkArchive } from "./archive.ts";
import { forge } from "./test-archive.ts";

describe("an archive is refused", () => {
  test("that unpacks to 200 MB, before that is unpacked", async () => {
    const bomb = forge([
      { path: "a.js", bytes: Buffer.alloc(100 * 1024 * 1024) },
      { path: "b.js", bytes: Buffer.alloc(100 * 1024 * 1024) },
    ]);
    expect(bomb.length).toBeLessThan(PACKED_BYTES_MAX);
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal(walkArchive(bomb))).toMatchObject({ code: "archives.too-large", kind: "limit" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(UNPACKED_BYTES_MAX);
  });

  test("that hides a bomb in a second compression, or behind its end, of which the parser sees nothing, or no more than the end", async () => {
    const zeros = Buffer.alloc(100 * 1024 * 1024);
    const end = Buffer.concat([gzipSync(Buffer.alloc(4_096)), gzipSync(zeros)]);
    using write = vi.spyOn(Parser.prototype, "write");
    const parsedBytes = () => write.mock.calls.reduce((sum, [chunk]) => sum + Buffer.byteLength(chunk), 0);
    expect(await refusal(walkArchive(gzipSync(gzipSync(zeros))))).toMatchObject({ code: "archives.not-an-archive" });
    expect(parsedBytes()).toBe(0);
    // What follows the end of an archive once cost the parser the square of its length: it gets the chunk that the end is in.
    for (const bytes of [end, gzipSync(zeros), Buffer.concat([forge([{ path: "index.mjs" }]), end])]) {
      write.mockClear();
      expect(await refusal(walkArchive(bytes))).toMatchObject({ code: "archives.too-large" });
      expect(parsedBytes()).toBeGreaterThan(0);
      expect(parsedBytes()).toBeLessThanOrEqual(64 * 1024);
    }
  }, 60_000);

  test("whose files together are too large, though each is not", async () => {
    const part = Buffer.alloc(11 * 1024 * 1024);
    expect(await refusal(walkArchive(forge(["a", "b", "c"].map((path) => ({ path, bytes: part })))))).toMatchObject({
      code: "archives.too-large",
    });
  });
});
