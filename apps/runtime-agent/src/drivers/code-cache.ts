/** Code archives by digest: packed on disk, unpacked in memory, both bounded, the longest unused go first. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "@agent-factory/protocol";
import type { CodeFile } from "../pool/channel.ts";
import { digestOf } from "../uplink/gateway-requests.ts";
import { unpackArchive } from "./code-archive.ts";

export type CodeCache = {
  /** `fetch` is called when the archive is not here; calls for one digest share one fetch. @throws what `fetch` or the unpacking throws. */
  load(digest: Digest, fetch: () => Promise<Buffer>): Promise<readonly CodeFile[]>;
  /** Digests that are ready in memory. */
  digests(): Digest[];
};

export function createCodeCache(options: { directory: string; diskBytesMax?: number; memoryBytesMax?: number }): CodeCache {
  const diskBytesMax = options.diskBytesMax ?? 512 * 1024 * 1024;
  const memoryBytesMax = options.memoryBytesMax ?? 128 * 1024 * 1024;
  mkdirSync(options.directory, { recursive: true });
  const pathOf = (digest: Digest): string => join(options.directory, digest.slice("sha256:".length));
  // A Map keeps the order of insertion: a hit is inserted again, so the first is the longest unused.
  const unpacked = new Map<Digest, { files: readonly CodeFile[]; bytes: number }>();
  const loading = new Map<Digest, Promise<readonly CodeFile[]>>();

  function readPacked(digest: Digest): Buffer | null {
    try {
      const bytes = readFileSync(pathOf(digest));
      if (digestOf(bytes) !== digest) throw new Error("not what it was");
      const now = new Date();
      utimesSync(pathOf(digest), now, now);
      return bytes;
    } catch {
      rmSync(pathOf(digest), { force: true });
      return null;
    }
  }

  function keepPacked(digest: Digest, bytes: Buffer): void {
    writeFileSync(`${pathOf(digest)}.new`, bytes, { mode: 0o600 });
    renameSync(`${pathOf(digest)}.new`, pathOf(digest));
    const held = readdirSync(options.directory)
      .map((name) => ({ path: join(options.directory, name), ...statSync(join(options.directory, name)) }))
      .toSorted((a, b) => a.mtimeMs - b.mtimeMs);
    let total = held.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of held) {
      if (total <= diskBytesMax || path === pathOf(digest)) break;
      rmSync(path, { force: true });
      total -= size;
    }
  }

  async function loadFrom(digest: Digest, fetch: () => Promise<Buffer>): Promise<readonly CodeFile[]> {
    const onDisk = readPacked(digest);
    const packed = onDisk ?? (await fetch());
    const files = await unpackArchive(packed);
    if (onDisk === null) keepPacked(digest, packed);
    unpacked.set(digest, { files, bytes: files.reduce((sum, file) => sum + file.bytes.length, 0) });
    let total = [...unpacked.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [old, { bytes }] of unpacked) {
      if (total <= memoryBytesMax || old === digest) break;
      unpacked.delete(old);
      total -= bytes;
    }
    return files;
  }

  return {
    async load(digest, fetch) {
      const hit = unpacked.get(digest);
      if (hit) {
        unpacked.delete(digest);
        unpacked.set(digest, hit);
        return hit.files;
      }
      let promise = loading.get(digest);
      if (!promise) {
        promise = loadFrom(digest, fetch).finally(() => loading.delete(digest));
        loading.set(digest, promise);
      }
      return promise;
    },
    digests: () => [...unpacked.keys()],
  };
}
