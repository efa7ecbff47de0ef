import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { describe, expect, it } from "vitest";
import { FILES_MAX, UnusableArchive, unpackArchive } from "./code-archive.ts";

type Member = {
  path: string;
  content?: string | Buffer;
  type?: "File" | "SymbolicLink" | "Link" | "Directory" | "CharacterDevice";
  linkpath?: string;
};

function archiveOf(members: Member[]): Buffer {
  const blocks = members.flatMap(({ path, content = "", type = "File", linkpath = "" }) => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    new Header({ path, size: bytes.length, type, linkpath, mode: 0o644, mtime: new Date(0) }).encode(header);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe("unpacking code", () => {
  it("gives the files, with or without a leading ./", async () => {
    const files = await unpackArchive(
      archiveOf([
        { path: "./", type: "Directory" },
        { path: "./index.mjs", content: "1" },
        { path: "src/", type: "Directory" },
        { path: "src/a b.mjs", content: "22" },
      ]),
    );
    expect(files.map(({ path, bytes }) => [path, bytes.toString()])).toEqual([
      ["index.mjs", "1"],
      ["src/a b.mjs", "22"],
    ]);
  });

  it.each<[string, Member[] | Buffer, string]>([
    ["a path that climbs out", [{ path: "../evil.mjs", content: "x" }], "does not stay inside"],
    ["a path that climbs out in its middle", [{ path: "a/../../evil.mjs", content: "x" }], "does not stay inside"],
    ["an absolute path", [{ path: "/etc/passwd", content: "x" }], "does not stay inside"],
    ["a symbolic link", [{ path: "index.mjs", type: "SymbolicLink", linkpath: "/etc/shadow" }], "only plain files"],
    ["a hard link", [{ path: "index.mjs", type: "Link", linkpath: "/etc/shadow" }], "only plain files"],
    ["a device", [{ path: "zero", type: "CharacterDevice" }], "only plain files"],
    [
      "a file that is there twice",
      [
        { path: "a", content: "1" },
        { path: "./a", content: "2" },
      ],
      "twice",
    ],
    ["too many files", Array.from({ length: FILES_MAX + 1 }, (_, i) => ({ path: `f${i}` })), "more than"],
    ["a bomb", gzipSync(Buffer.alloc(60 * 1024 * 1024)), "unpacks to more"],
    ["more bytes than allowed in one file", [{ path: "big", content: Buffer.alloc(33 * 1024 * 1024) }], "unpacks to more"],
    ["something that is not gzip", Buffer.from("PK\x03\x04 no"), "not gzip"],
    ["a gzip that is no tar", gzipSync(Buffer.alloc(2048, "x")), "cannot be read"],
  ])("refuses %s", async (_, members, sentence) => {
    const work = unpackArchive(Buffer.isBuffer(members) ? members : archiveOf(members));
    await expect(work).rejects.toBeInstanceOf(UnusableArchive);
    await expect(work).rejects.toThrow(sentence);
  });
});
