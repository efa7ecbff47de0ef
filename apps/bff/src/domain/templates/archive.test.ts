import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { refusal } from "../test-refusal.ts";
import { collectPacked, FILES_MAX, PACKED_BYTES_MAX, packArchive, readArchiveFile, walkArchive } from "./archive.ts";
import { type Entry, forge } from "./test-archive.ts";

const text = (value: string) => Buffer.from(value);

describe("packing", () => {
  const file = fc.record({ path: fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,3}\.mjs$/), bytes: fc.uint8Array({ maxLength: 2_000 }) });

  test("gives the same bytes for the same files, in whatever order, and reads back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { selector: ({ path }) => path, minLength: 1, maxLength: 8 }), async (files) => {
        const packed = packArchive(files);
        expect(packArchive(files.toReversed()).equals(packed)).toBe(true);
        expect((await walkArchive(packed)).map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual(
          files.map(({ path, bytes }) => [path, bytes.length]).sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)),
        );
        for (const { path, bytes } of files) expect(await readArchiveFile(packed, path)).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 50 },
    );
  });

  test("does not depend on the zlib of the day", () => {
    const packed = packArchive([{ path: "index.mjs", bytes: text("export default () => 1;\n") }]);
    expect(createHash("sha256").update(packed).digest("hex")).toBe("2c67c44b9130d60d7587e85f976a84b924f20ac87dd677003d9eee8ad8b2d16f");
  });

  test("keeps paths of up to 255 bytes and files past one deflate block", async () => {
    const path = `${"d".repeat(100)}/${"e".repeat(50)}/${"f".repeat(95)}.mjs`;
    const bytes = randomBytes(200_000);
    expect(await readArchiveFile(packArchive([{ path, bytes }]), path)).toEqual(bytes);
  });

  test("refuses what reading would refuse", () => {
    for (const path of ["../x.mjs", "/x.mjs", "", `${"a/".repeat(140)}x`, `${"a".repeat(101)}`])
      expect(() => packArchive([{ path, bytes: text("") }])).toThrow(Failure);
  });
});

describe("an archive is refused", () => {
  const cases: [string, Entry, string][] = [
    ["with a path that climbs out", { path: "../evil.mjs" }, "archives.path"],
    ["with a path that climbs out later", { path: "a/../../evil.mjs" }, "archives.path"],
    ["with an absolute path", { path: "/etc/passwd" }, "archives.path"],
    ["with a drive letter", { path: "C:evil.mjs" }, "archives.path"],
    ["with a backslash", { path: "..\\evil.mjs" }, "archives.path"],
    ["with a control character", { path: "a\u0007.mjs" }, "archives.path"],
    ["with a symbolic link", { path: "x.mjs", type: "SymbolicLink", linkpath: "/etc/passwd" }, "archives.link"],
    ["with a hard link", { path: "x.mjs", type: "Link", linkpath: "index.mjs" }, "archives.link"],
    ["with a device", { path: "x", type: "CharacterDevice" }, "archives.not-a-file"],
    ["with a pipe", { path: "x", type: "FIFO" }, "archives.not-a-file"],
    ["with a directory that climbs out", { path: "../up/", type: "Directory" }, "archives.path"],
    ["with one path twice", { path: "index.mjs" }, "archives.duplicate"],
    ["with one path twice, written differently", { path: "./index.mjs" }, "archives.duplicate"],
  ];
  test.each(cases)("%s", async (_, entry, code) => {
    const failure = await refusal(walkArchive(forge([{ path: "index.mjs", bytes: text("1") }, entry])));
    expect(failure).toMatchObject({ code, kind: "invalid" });
  });

  test("that is empty, or holds only directories", async () => {
    expect(await refusal(walkArchive(forge([])))).toMatchObject({ code: "archives.not-an-archive" });
    expect(await refusal(walkArchive(forge([{ path: "a/", type: "Directory" }])))).toMatchObject({ code: "archives.empty" });
  });

  test("that is no tar.gz, is cut short, or has a broken header", async () => {
    const good = packArchive([{ path: "index.mjs", bytes: randomBytes(3_000) }]);
    const torn = gzipSync(Buffer.concat([randomBytes(512), Buffer.alloc(1024)]));
    for (const bytes of [text("hello"), Buffer.alloc(0), good.subarray(0, 2_000), torn]) {
      expect(await refusal(walkArchive(bytes))).toMatchObject({
        kind: "invalid",
        code: expect.stringMatching(/^archives\.(not-an-archive|empty)$/),
      });
    }
  });

  test("with more than 2,000 files", async () => {
    const files = Array.from({ length: FILES_MAX + 1 }, (_, at) => ({ path: `f${at}.mjs` }));
    expect(await refusal(walkArchive(forge(files)))).toMatchObject({ code: "archives.too-many-files", kind: "limit" });
    await expect(walkArchive(forge(files.slice(1)))).resolves.toHaveLength(FILES_MAX);
  });

  test("that announces more than it holds", async () => {
    expect(await refusal(walkArchive(forge([{ path: "a.js", size: 10_000, bytes: text("few") }])))).toMatchObject({ kind: "invalid" });
  });
});

test("a body of 200 MB is left at the first byte past 8 MiB", async () => {
  let given = 0;
  async function* body() {
    for (; given < 200; given++) yield Buffer.alloc(1024 * 1024);
  }
  expect(await refusal(collectPacked(body()))).toMatchObject({
    code: "archives.too-large",
    kind: "limit",
    details: { bytesMax: PACKED_BYTES_MAX },
  });
  expect(given).toBeLessThan(10);
});

test("whatever bytes are sent, the answer is a list of files or a refusal", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), fc.boolean(), async (bytes, zipped) => {
      await walkArchive(zipped ? gzipSync(bytes) : Buffer.from(bytes)).catch((error: unknown) => expect(error).toBeInstanceOf(Failure));
    }),
    { numRuns: 200 },
  );
});
