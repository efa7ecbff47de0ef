/** Code archives of a tenant: stored once checked, never changed, read by digest. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { BlobStore } from "../../platform/blobs.ts";
import type { Access } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { ARCHIVE_MEDIA_TYPE, type ArchiveFile, collectPacked, PACKED_BYTES_MAX, readArchiveFile, walkArchive } from "./archive.ts";
import { insertUpload } from "./template-store.ts";

export type StoredArchive = { readonly digest: string; readonly sizeBytes: number; readonly files: readonly ArchiveFile[] };

export type Archives = {
  /**
   * Checks a tar.gz and stores it. A body past 8 MiB is left unread (`archives.too-large`). Failures: those of `walkArchive`.
   * The same bytes give the same digest; storing them again changes nothing.
   */
  upload(actor: Actor, body: Buffer | AsyncIterable<Buffer>): Promise<StoredArchive>;
  /** Failures: `archives.missing`. */
  get(actor: Actor, input: { digest: string }): Promise<StoredArchive>;
  /** `text` is null for a file that is not UTF-8. Failures: `archives.missing`, `archives.file-missing`. */
  readFile(actor: Actor, input: { digest: string; path: string }): Promise<{ path: string; text: string | null }>;
};

export function createArchives({ access, blobs }: { access: Access; blobs: BlobStore }): Archives {
  const bytesOf = async (actor: Actor, digest: string): Promise<Buffer> => {
    const tenantId = tenantOf(actor);
    await access.read({ actor, action: "archives.read", resource: { kind: "archive", id: digest } }, async () => undefined);
    if (!(await blobs.has(tenantId, digest))) throw missing(digest);
    return blobs.get(tenantId, digest);
  };
  return {
    upload: async (actor, body) => {
      // Asked before a byte is read: who may not upload cannot make us unpack either.
      await access.read({ actor, action: "archives.upload", resource: { kind: "archive", id: "new" } }, async () => undefined);
      const packed = Buffer.isBuffer(body) ? body : await collectPacked(body);
      const files = await walkArchive(packed);
      const tenantId = tenantOf(actor);
      const digest = `sha256:${createHash("sha256").update(packed).digest("hex")}`;
      // Whose bytes they are is on record before the bytes are there: nobody can approve them in between.
      await access.perform({ actor, action: "archives.upload", resource: { kind: "archive", id: digest } }, async (tx, note) => {
        await insertUpload(tx, tenantId, digest, actor.id);
        note.after({ sizeBytes: packed.length, files: files.length });
      });
      const stored = await blobs.put(tenantId, packed, { mediaType: ARCHIVE_MEDIA_TYPE, maxBytes: PACKED_BYTES_MAX });
      return { ...stored, files };
    },
    get: async (actor, { digest }) => {
      const packed = await bytesOf(actor, digest);
      return { digest, sizeBytes: packed.length, files: await walkArchive(packed) };
    },
    readFile: async (actor, { digest, path }) => {
      const bytes = await readArchiveFile(await bytesOf(actor, digest), path);
      if (bytes === null) throw new Failure("missing", "archives.file-missing", `The archive has no file ${path}`, { digest, path });
      return { path, text: isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null };
    },
  };
}

function missing(digest: string): Failure {
  return new Failure("missing", "archives.missing", `No such code archive: ${digest}`, { digest });
}

/** A manifest names code that is not there. */
export function missingCode(digest: string): Failure {
  return new Failure("missing", "archives.missing", `The code archive ${digest} is not in the registry`, {
    digest,
    pointer: "/spec/code/archive",
  });
}

/** The tenant somebody acts for; templates belong to tenants, never to the platform. */
export function tenantOf(actor: Actor): string {
  if (actor.tenantId === null) throw new Failure("forbidden", "templates.no-tenant", "Templates belong to a tenant; name one");
  return actor.tenantId;
}
