/**
 * A code archive: the files of a template's code as tar.gz, named by the digest of its bytes. What is not a plain file or a
 * directory at a relative path is refused; so is more than the bounds below, while it streams and not after.
 */
import { Buffer } from "node:buffer";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { crc32, createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { Failure } from "../failure.ts";

export const PACKED_BYTES_MAX = 8 * 1024 * 1024;
export const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;
export const FILES_MAX = 2_000;
export const PATH_BYTES_MAX = 255;
export const ARCHIVE_MEDIA_TYPE = "application/gzip";

export type ArchiveFile = { readonly path: string; readonly sizeBytes: number };

/**
 * Packs files so that the same files give the same bytes, on any machine and with any zlib: sorted by path, no times, no
 * owners, stored rather than compressed. Paths are relative with `/`.
 */
export function packArchive(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Buffer {
  const blocks: Buffer[] = [];
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const fault = pathFault(file.path);
    if (fault) throw refused("archives.path", fault, file.path);
    blocks.push(tarHeader(file.path, file.bytes.length), Buffer.from(file.bytes), Buffer.alloc((512 - (file.bytes.length % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1024));
  return gzipStored(Buffer.concat(blocks));
}

/** Packs what a template needs to run from a directory: its JavaScript and JSON, not its tests or fixtures. */
export async function packDirectory(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter(
    (entry) =>
      entry.isFile() && /\.(mjs|js|json)$/.test(entry.name) && !/\.test\.|\/fixtures(\/|$)/.test(`${entry.parentPath}/${entry.name}`),
  );
  return packArchive(
    await Promise.all(
      files.map(async (entry) => {
        const absolute = path.join(entry.parentPath, entry.name);
        return { path: path.relative(directory, absolute).replaceAll(path.sep, "/"), bytes: await readFile(absolute) };
      }),
    ),
  );
}

/**
 * Walks an archive and hands each file to `onFile`; its bytes are whole and bounded. Refuses (`archives.*`, kind invalid or
 * limit) at the first entry that breaks a rule, without reading on.
 */
export async function walkArchive(
  packed: Buffer,
  onFile: (file: ArchiveFile, bytes: () => Buffer) => void = () => undefined,
): Promise<ArchiveFile[]> {
  if (packed.length > PACKED_BYTES_MAX) throw tooLarge(`An archive has at most ${PACKED_BYTES_MAX} bytes`, PACKED_BYTES_MAX);
  const files: ArchiveFile[] = [];
  const seen = new Set<string>();
  let failure: Failure | null = null;
  let entries = 0;
  let unpackedBytes = 0;
  let ended = false;

  const parser = new Parser({ strict: true, maxMetaEntrySize: 16 * 1024 });
  const settled = new Promise<void>((resolve) => {
    parser.on("end", () => resolve());
    parser.on("error", (cause) => {
      failure ??= notAnArchive(cause);
      resolve();
    });
  });
  parser.on("eof", () => {
    ended = true;
  });
  parser.on("ignoredEntry", (entry: ReadEntry) => {
    failure ??= refused("archives.not-a-file", "Only files and directories are allowed in an archive", entry.path);
  });
  parser.on("entry", (entry: ReadEntry) => {
    entries += 1;
    failure ??= entryFault(entry, entries, seen);
    if (failure || entry.type === "Directory") {
      entry.resume();
      return;
    }
    const file = { path: cleanPath(entry.path), sizeBytes: entry.size };
    seen.add(file.path);
    files.push(file);
    const chunks: Buffer[] = [];
    entry.on("data", (chunk) => chunks.push(chunk));
    entry.on("end", () => onFile(file, () => Buffer.concat(chunks)));
  });

  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const source = Readable.from([packed]).pipe(gunzip);
  try {
    // The parser looks for compression inside the tar, by its first bytes, and keeps all that follows the end: it gets neither.
    let head: Buffer | null = Buffer.alloc(0);
    for await (const chunk of source as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.length;
      // Headers and padding come on top of the files: at most 1.5 KiB for each.
      if (unpackedBytes > UNPACKED_BYTES_MAX + FILES_MAX * 1536)
        failure ??= tooLarge(`The archive unpacks to more than ${UNPACKED_BYTES_MAX} bytes`, UNPACKED_BYTES_MAX);
      if (failure) throw failure;
      if (ended) continue;
      const block: Buffer = head === null ? chunk : Buffer.concat([head, chunk]);
      head = block.length < 512 && head !== null ? block : null;
      if (head !== null) continue;
      if (unpackedBytes === block.length && isCompressed(block)) throw notAnArchive(new Error("compressed twice"));
      parser.write(block);
    }
    parser.end();
    await settled;
  } catch (cause) {
    throw cause instanceof Failure ? cause : notAnArchive(cause);
  } finally {
    gunzip.destroy();
  }
  if (failure) throw failure;
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (total > UNPACKED_BYTES_MAX) throw tooLarge(`The archive unpacks to more than ${UNPACKED_BYTES_MAX} bytes`, UNPACKED_BYTES_MAX);
  if (files.length === 0) throw new Failure("invalid", "archives.empty", "The archive holds no file");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One file's bytes, or null when the archive has no such file. */
export async function readArchiveFile(packed: Buffer, wanted: string): Promise<Buffer | null> {
  let found: Buffer | null = null;
  await walkArchive(packed, (file, bytes) => {
    if (file.path === wanted) found = bytes();
  });
  return found;
}

/** Collects a body that may be endless: refused at the first byte past the limit, the rest is never read. */
export async function collectPacked(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > PACKED_BYTES_MAX) throw tooLarge(`An archive has at most ${PACKED_BYTES_MAX} bytes`, PACKED_BYTES_MAX);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function entryFault(entry: ReadEntry, entries: number, seen: ReadonlySet<string>): Failure | null {
  if (entries > FILES_MAX)
    return new Failure("limit", "archives.too-many-files", `An archive has at most ${FILES_MAX} entries`, { filesMax: FILES_MAX });
  if (entry.type === "SymbolicLink" || entry.type === "Link")
    return refused("archives.link", "Links are not allowed in an archive", entry.path);
  if (entry.type !== "File" && entry.type !== "OldFile" && entry.type !== "Directory") {
    return refused("archives.not-a-file", "Only files and directories are allowed in an archive", entry.path);
  }
  const fault = entry.type === "Directory" && /^(\.\/?)?$/.test(entry.path) ? null : pathFault(cleanPath(entry.path));
  if (fault) return refused("archives.path", fault, entry.path);
  if (seen.has(cleanPath(entry.path))) return refused("archives.duplicate", "The archive holds this path twice", entry.path);
  if (entry.size > UNPACKED_BYTES_MAX) return tooLarge(`The archive unpacks to more than ${UNPACKED_BYTES_MAX} bytes`, UNPACKED_BYTES_MAX);
  return null;
}

/** gzip (RFC 1952) or Zstandard (RFC 8878). */
function isCompressed(bytes: Buffer): boolean {
  return (bytes[0] === 0x1f && bytes[1] === 0x8b) || bytes.readUInt32LE(0) === 0xfd2fb528;
}

/** `./a/b/` is `a/b`; nothing else is rewritten, so nothing can be rewritten into something harmless. */
function cleanPath(raw: string): string {
  return raw.replace(/^\.\//, "").replace(/\/$/, "");
}

function pathFault(name: string): string | null {
  if (name === "" || Buffer.byteLength(name) > PATH_BYTES_MAX) return `A path has 1 to ${PATH_BYTES_MAX} bytes`;
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name)) return "A path must be relative";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(name)) return "A path holds no control character and no backslash";
  if (name.split("/").some((part) => part === "" || part === "." || part === "..")) return "A path holds no empty part, no . and no ..";
  return null;
}

function refused(code: `archives.${string}`, message: string, entryPath: string): Failure {
  const shown = entryPath.slice(0, 200);
  return new Failure("invalid", code, `${message}: ${shown}`, { path: shown });
}

function tooLarge(message: string, bytesMax: number): Failure {
  return new Failure("limit", "archives.too-large", message, { bytesMax });
}

function notAnArchive(cause: unknown): Failure {
  const failure = new Failure("invalid", "archives.not-an-archive", "This is not a tar.gz archive, or it is damaged");
  failure.cause = cause;
  return failure;
}

/** POSIX ustar, the parts that say something; the rest is zero. */
function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(512);
  const cut = Buffer.byteLength(name) <= 100 ? -1 : name.lastIndexOf("/", 155);
  const [prefix, base] = cut === -1 ? ["", name] : [name.slice(0, cut), name.slice(cut + 1)];
  if (Buffer.byteLength(base) > 100 || Buffer.byteLength(prefix) > 155)
    throw refused("archives.path", "A part of this path is too long", name);
  header.write(base, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** RFC 1952 with stored blocks (RFC 1951, 3.2.4): zlib versions may compress differently, this is always the same. */
function gzipStored(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])];
  for (let at = 0; at < bytes.length || at === 0; at += 0xffff) {
    const block = bytes.subarray(at, at + 0xffff);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + 0xffff >= bytes.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(head, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([...parts, trailer]);
}
