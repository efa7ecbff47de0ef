/**
 * Unpacks a template's code. The registry checked the archive when it was stored; the host checks again, because what runs here is
 * decided here: a digest, then plain files only, with bounded number and size, at paths that stay inside.
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import type { CodeFile } from "../pool/channel.ts";

export const ARCHIVE_BYTES_MAX = 8 * 1024 * 1024;
export const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;
export const FILES_MAX = 2000;
const PATH_BYTES_MAX = 500;
/** Headers and padding: at most 1.5 KiB a file beside its bytes. */
const TAR_BYTES_MAX = UNPACKED_BYTES_MAX + FILES_MAX * 1536 + 10_240;

export class UnusableArchive extends Error {
  override readonly name = "UnusableArchive";
}

/** @throws UnusableArchive saying which rule the archive breaks. */
export async function unpackArchive(archive: Buffer): Promise<CodeFile[]> {
  if (archive.length > ARCHIVE_BYTES_MAX)
    throw new UnusableArchive(`The archive has ${archive.length} bytes; at most ${ARCHIVE_BYTES_MAX} are allowed.`);
  let tar: Buffer;
  try {
    tar = await promisify(gunzip)(archive, { maxOutputLength: TAR_BYTES_MAX });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new UnusableArchive(tooLarge ? `The archive unpacks to more than ${UNPACKED_BYTES_MAX} bytes.` : "The archive is not gzip.");
  }
  const files: CodeFile[] = [];
  const paths = new Set<string>();
  let bytes = 0;
  let problem: UnusableArchive | null = null;
  const refuse = (sentence: string, entry: ReadEntry): void => {
    problem ??= new UnusableArchive(sentence);
    entry.resume();
  };
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        const path = entry.path.replace(/^\.\//, "").replace(/\/$/, "");
        if (entry.type === "Directory" && (path === "" || path === "." || isInside(path))) return entry.resume();
        if (entry.type !== "File" && entry.type !== "OldFile")
          return refuse(`${path} is a ${entry.type}; only plain files are allowed.`, entry);
        if (!isInside(path)) return refuse(`${path} does not stay inside the archive.`, entry);
        if (paths.has(path)) return refuse(`${path} is there twice.`, entry);
        if (files.length + 1 > FILES_MAX) return refuse(`The archive has more than ${FILES_MAX} files.`, entry);
        bytes += entry.size;
        if (bytes > UNPACKED_BYTES_MAX) return refuse(`The archive unpacks to more than ${UNPACKED_BYTES_MAX} bytes.`, entry);
        paths.add(path);
        const chunks: Buffer[] = [];
        entry.on("data", (chunk: Buffer) => chunks.push(chunk));
        entry.on("end", () => files.push({ path, bytes: Buffer.concat(chunks) }));
      },
    });
    parser.on("end", () => resolve());
    parser.on("error", (error: Error) => reject(new UnusableArchive(`The archive cannot be read: ${error.message}`)));
    parser.end(tar);
  });
  if (problem) throw problem;
  return files;
}

function isInside(path: string): boolean {
  return (
    path !== "" &&
    Buffer.byteLength(path) <= PATH_BYTES_MAX &&
    !path.startsWith("/") &&
    !/[\\\0]/.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}
