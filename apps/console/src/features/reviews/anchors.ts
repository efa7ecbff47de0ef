/**
 * Where remarks stand. A remark names a value by its JSON pointer, so it stays with the value when lines move; within a long value
 * (a prompt) the words it quotes say which line is meant. A value that is gone takes its remarks out of the text, not out of sight. Pure.
 */

import { stepsOf } from "@agent-factory/manifest/diagnostic";
import type { SourceDocument } from "@agent-factory/manifest/document";

type Remark = { readonly pointer: string | null; readonly body: string };

export type Anchors<T> = {
  /** Remarks by line of the text, in their own order. */
  readonly byLine: ReadonlyMap<number, readonly T[]>;
  readonly gone: readonly T[];
  /** Remarks about the whole. */
  readonly general: readonly T[];
};

export function anchor<T extends Remark>(remarks: readonly T[], parsed: SourceDocument, lines: readonly string[]): Anchors<T> {
  const byLine = new Map<number, T[]>();
  const gone: T[] = [];
  const general: T[] = [];
  for (const remark of remarks) {
    if (remark.pointer === null) general.push(remark);
    else if (!exists(parsed.data, remark.pointer)) gone.push(remark);
    else {
      const line = lineOf(remark.pointer, quoteOf(remark.body), parsed, lines);
      const there = byLine.get(line);
      if (there) there.push(remark);
      else byLine.set(line, [remark]);
    }
  }
  return { byLine, gone, general };
}

/** The line of a value's key, or the quoted line within the value. */
export function lineOf(pointer: string, quote: string | null, parsed: SourceDocument, lines: readonly string[]): number {
  const key = parsed.locate(pointer, "key").line;
  if (quote === null) return key;
  const last = parsed.locate(pointer, "value").endLine;
  for (let line = key; line <= last; line += 1) if (lines[line - 1]?.trim() === quote) return line;
  return key;
}

/** `/spec/tools/0/name` exists in data that has it; the empty pointer names the whole. */
export function exists(data: unknown, pointer: string): boolean {
  let value = data;
  for (const step of stepsOf(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string, unknown>)[step];
  }
  return value !== undefined;
}

/** A remark about one line of a longer value begins by quoting it. */
export function quoteLine(line: string): string {
  return `> ${line.trim()}\n`;
}

export function quoteOf(body: string): string | null {
  return /^> ?(.*)/.exec(body)?.[1]?.trim() ?? null;
}
