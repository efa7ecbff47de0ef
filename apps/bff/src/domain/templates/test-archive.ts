/** Archives for tests, as an attacker may write them. */
import { gzipSync } from "node:zlib";
import { Header } from "tar";

export type Entry = {
  path: string;
  type?: "File" | "SymbolicLink" | "Link" | "Directory" | "CharacterDevice" | "FIFO";
  linkpath?: string;
  bytes?: Buffer;
  size?: number;
};

/** A tar.gz as an attacker may write it: nothing is checked. */
export function forge(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, type = "File", linkpath, bytes = Buffer.alloc(0), size }) => {
    const header = new Header({
      path,
      type,
      ...(linkpath !== undefined && { linkpath }),
      size: size ?? bytes.length,
      mode: 0o644,
      mtime: new Date(0),
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
