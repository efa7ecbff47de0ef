/**
 * Bytes by content: `sha256:<hex>`, per tenant. The file adapter keeps them at `<dir>/<tenantId>/sha256/ab/<hex>`, written to
 * a temporary file, synced and renamed, so that a name is either absent or whole. A row in `blobs` says what a tenant holds:
 * bytes without a row do not exist for anybody.
 *
 * Fail-closed: bytes are hashed again whenever they are read, and a mismatch is `blob.corrupt`, never data.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type Readable, Transform } from "node:stream";
import { Failure } from "../domain/failure.ts";
import type { FastDatabase } from "./fast-database.ts";

export type BlobStore = {
  /** Stores bytes and says their digest. More than `maxBytes` is refused (`blob.too-large`) and leaves nothing behind. */
  put(
    tenantId: string,
    bytes: Buffer | AsyncIterable<Buffer>,
    options: { mediaType: string; maxBytes: number },
  ): Promise<{ digest: string; sizeBytes: number }>;
  /** The whole blob. Failures: `blob.missing`, `blob.corrupt`. */
  get(tenantId: string, digest: string): Promise<Buffer>;
  /** The blob as a stream that ends with an error (`blob.corrupt`) when the bytes are not those of the digest. */
  open(tenantId: string, digest: string): Promise<{ stream: Readable; sizeBytes: number }>;
  has(tenantId: string, digest: string): Promise<boolean>;
};

const DIGEST = /^sha256:([0-9a-f]{64})$/;

export function openBlobs({ dir, fastDatabase }: { dir: string; fastDatabase: FastDatabase }): BlobStore {
  const sizeOf = async (tenantId: string, digest: string): Promise<number | null> =>
    fastDatabase.inTenant(
      tenantId,
      async (tx) => {
        const { rows } = await tx.query<{ size: number }>("select size_bytes as size from blobs where digest = $1", [digest]);
        return rows[0]?.size ?? null;
      },
      { readOnly: true },
    );

  const requireSize = async (tenantId: string, digest: string): Promise<number> => {
    const size = DIGEST.test(digest) ? await sizeOf(tenantId, digest) : null;
    if (size === null) throw new Failure("missing", "blob.missing", `No such blob: ${digest}`, { digest });
    return size;
  };

  return {
    put: async (tenantId, bytes, { mediaType, maxBytes }) => {
      const root = path.join(dir, tenantId);
      await mkdir(path.join(root, "incoming"), { recursive: true, mode: 0o700 });
      const temporary = path.join(root, "incoming", randomUUID());
      try {
        const { digest, sizeBytes } = await writeSynced(temporary, bytes, maxBytes);
        const target = fileOf(dir, tenantId, digest);
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
        await rename(temporary, target);
        await syncDirectory(path.dirname(target));
        await fastDatabase.inTenant(tenantId, async (tx) => {
          await tx.query("insert into blobs (tenant_id, digest, size_bytes, media_type) values ($1, $2, $3, $4) on conflict do nothing", [
            tenantId,
            digest,
            sizeBytes,
            mediaType,
          ]);
        });
        return { digest, sizeBytes };
      } finally {
        await rm(temporary, { force: true });
      }
    },
    get: async (tenantId, digest) => {
      await requireSize(tenantId, digest);
      const bytes = await readFile(fileOf(dir, tenantId, digest)).catch((error: NodeJS.ErrnoException) => {
        // The row says we hold it: a lost file is damage, not absence.
        if (error.code === "ENOENT") throw corrupt(digest);
        throw error;
      });
      if (`sha256:${createHash("sha256").update(bytes).digest("hex")}` !== digest) throw corrupt(digest);
      return bytes;
    },
    open: async (tenantId, digest) => {
      const sizeBytes = await requireSize(tenantId, digest);
      const source = createReadStream(fileOf(dir, tenantId, digest));
      const checked = verifying(digest);
      source.on("error", () => checked.destroy(corrupt(digest)));
      checked.on("close", () => source.destroy());
      return { stream: source.pipe(checked), sizeBytes };
    },
    has: async (tenantId, digest) => DIGEST.test(digest) && (await sizeOf(tenantId, digest)) !== null,
  };
}

function fileOf(dir: string, tenantId: string, digest: string): string {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex === undefined) throw new TypeError(`Not a digest: ${digest}`);
  return path.join(dir, tenantId, "sha256", hex.slice(0, 2), hex);
}

function corrupt(digest: string): Failure {
  return new Failure("unavailable", "blob.corrupt", `The stored bytes are not those of ${digest}`, { digest });
}

async function writeSynced(
  file: string,
  bytes: Buffer | AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const handle: FileHandle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new Failure("limit", "blob.too-large", `More than ${maxBytes} bytes`, { maxBytes });
      hash.update(chunk);
      await handle.write(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { digest: `sha256:${hash.digest("hex")}`, sizeBytes };
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function verifying(digest: string): Transform {
  const hash = createHash("sha256");
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(`sha256:${hash.digest("hex")}` === digest ? null : corrupt(digest));
    },
  });
}
