import { fileURLToPath } from "node:url";
import type { RunError } from "@agent-factory/protocol";

type Frame = RunError["stack"][number];

const FRAMES_MAX = 50;
/** `at async name (place:line:column)`, `at place:line:column`; the place is a file URL (modules) or a path (CommonJS). */
const FRAME = /^\s+at (?:(.+?) \()?(?:async )?(file:\/\/)?(\/.+?):(\d+):(\d+)\)?$/;
/** A module that does not parse has no frame of its own: Node puts its place on the first line and a caret under the column. */
const SYNTAX_PLACE = /^(?:file:\/\/)?(\/.+?):(\d+)$/;

/**
 * The frames of a V8 stack that lie in the template's own code, innermost first, with paths relative to the archive.
 * The text comes from inside the sandbox: it is only ever shown, so a forged one deceives nobody but its author.
 */
export function parseStack(stack: string, codeDirectory: string): Frame[] {
  const inside = (place: string, isUrl: boolean): string | null => {
    const path = isUrl ? decoded(place) : place;
    return path.startsWith(`${codeDirectory}/`) ? path.slice(codeDirectory.length + 1) : null;
  };
  const lines = stack.split("\n", 400);
  const frames: Frame[] = [];
  const first = SYNTAX_PLACE.exec(lines[0] ?? "");
  const syntaxFile = first?.[1] === undefined ? null : inside(first[1], (lines[0] ?? "").startsWith("file://"));
  if (syntaxFile !== null) {
    const caret = lines.find((line) => /^\s*\^+\s*$/.test(line));
    frames.push({ function: null, file: syntaxFile.slice(0, 500), line: Number(first?.[2]), column: (caret?.indexOf("^") ?? 0) + 1 });
  }
  for (const line of lines) {
    const match = FRAME.exec(line);
    const file = match?.[3] === undefined ? null : inside(match[3], match[2] !== undefined);
    if (!match || file === null) continue;
    const name = match[1]?.replace(/^async /, "") ?? null;
    frames.push({ function: name?.slice(0, 200) ?? null, file: file.slice(0, 500), line: Number(match[4]), column: Number(match[5]) });
    if (frames.length === FRAMES_MAX) break;
  }
  return frames;
}

function decoded(urlPath: string): string {
  try {
    return fileURLToPath(`file://${urlPath}`);
  } catch {
    return urlPath;
  }
}
