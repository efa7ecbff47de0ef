/** Puts the digest of a new code archive where the manifest names its code. Pure. */
import { readDocument } from "@agent-factory/manifest/document";
import { archiveOf } from "./archive-of.ts";

/**
 * The source with `spec.code.archive` replaced, all else as written. Null when the manifest has no such place: adding one
 * would mean guessing what else `code` should say.
 */
export function withArchive(source: string, digest: string): string | null {
  const { data, locate } = readDocument(source);
  const written = archiveOf(data);
  if (written === null) return null;
  const at = locate("/spec/code/archive");
  const lines = source.split("\n");
  const line = lines[at.line - 1];
  if (line === undefined || at.endLine !== at.line) return null;
  const old = line.slice(at.column - 1, at.endColumn - 1);
  const quote = /^(["']).*\1$/.exec(old)?.[1] ?? "";
  lines[at.line - 1] = `${line.slice(0, at.column - 1)}${quote}${digest}${quote}${line.slice(at.endColumn - 1)}`;
  return lines.join("\n");
}
