/**
 * Which lines of two texts differ, and where within them: Myers' algorithm (1986) as Visual Studio Code has it, shifted to where a person
 * would begin a change, without its editor. Pure: the answer depends on the texts alone, never on how fast the machine is, so that the
 * server and the browser draw the same page. Bounded: what would take long is told more coarsely.
 */
import { InfiniteTimeout } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/diffAlgorithm.js";
import { MyersDiffAlgorithm } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/algorithms/myersDiffAlgorithm.js";
import { optimizeSequenceDiffs } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/heuristicSequenceOptimizations.js";
import { LineSequence } from "monaco-editor/editor/common/diff/defaultLinesDiffComputer/lineSequence.js";

/** A piece of one line: columns from 0, the end exclusive. */
export type Span = { readonly from: number; readonly to: number };

export type ChangedLine = { readonly text: string; readonly marks: readonly Span[] };

/** `before` and `after` are the first line of the stretch in each text, counted from 1. */
export type Segment =
  | { readonly kind: "same"; readonly before: number; readonly after: number; readonly lines: readonly string[] }
  | {
      readonly kind: "changed";
      readonly before: number;
      readonly after: number;
      readonly removed: readonly ChangedLine[];
      readonly added: readonly ChangedLine[];
    };

export type TextDiff = { readonly segments: readonly Segment[]; readonly added: number; readonly removed: number };

/** Between their common beginning and end; more lines than this, both sides together, are one change. Some tens of milliseconds at worst. */
const LINES_MAX = 8_000;
/** A change of more words than this, both sides together, is not looked into. */
const WORDS_MAX = 2_000;
/** A line of which more than this share changed is simply another line: marking nearly all of it says nothing. */
const MARKED_SHARE_MAX = 0.7;
const UNMARKED: readonly Span[] = [];

export function diffLines(before: string, after: string): TextDiff {
  const [old, next] = [linesOf(before), linesOf(after)];
  const segments: Segment[] = [];
  let [oldAt, nextAt, added, removed] = [0, 0, 0, 0];
  const keep = (until: number) => {
    if (until > oldAt) segments.push({ kind: "same", before: oldAt + 1, after: nextAt + 1, lines: old.slice(oldAt, until) });
    nextAt += until - oldAt;
    oldAt = until;
  };
  for (const change of changesOf(old, next)) {
    keep(change.oldFrom);
    const gone = old.slice(change.oldFrom, change.oldTo);
    const come = next.slice(change.nextFrom, change.nextTo);
    segments.push({ kind: "changed", before: oldAt + 1, after: nextAt + 1, ...marked(gone, come) });
    oldAt = change.oldTo;
    nextAt = change.nextTo;
    removed += gone.length;
    added += come.length;
  }
  keep(old.length);
  return { segments, added, removed };
}

/** A line end at the very end of a text begins no further line. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Lines from 0, the ends exclusive. */
type Change = { readonly oldFrom: number; readonly oldTo: number; readonly nextFrom: number; readonly nextTo: number };

function changesOf(old: readonly string[], next: readonly string[]): Change[] {
  let [start, end] = [0, 0];
  const shortest = Math.min(old.length, next.length);
  while (start < shortest && old[start] === next[start]) start += 1;
  while (end < shortest - start && old[old.length - 1 - end] === next[next.length - 1 - end]) end += 1;
  const whole = { oldFrom: start, oldTo: old.length - end, nextFrom: start, nextTo: next.length - end };
  const [gone, come] = [old.slice(start, whole.oldTo), next.slice(start, whole.nextTo)];
  if (gone.length === 0 && come.length === 0) return [];
  if (gone.length === 0 || come.length === 0 || gone.length + come.length > LINES_MAX) return [whole];
  const [one, other] = sequences(gone, come);
  const { diffs } = new MyersDiffAlgorithm().compute(one, other, InfiniteTimeout.instance);
  return optimizeSequenceDiffs(one, other, diffs).map(({ seq1Range, seq2Range }) => ({
    oldFrom: start + seq1Range.start,
    oldTo: start + seq1Range.endExclusive,
    nextFrom: start + seq2Range.start,
    nextTo: start + seq2Range.endExclusive,
  }));
}

/** Both sides as numbers, the same number for the same text. */
function sequences(one: string[], other: string[]): [LineSequence, LineSequence] {
  const numbers = new Map<string, number>();
  const sequence = (texts: string[]) => {
    for (const text of texts) if (!numbers.has(text)) numbers.set(text, numbers.size);
    return new LineSequence(
      texts.map((text) => numbers.get(text) ?? 0),
      texts,
    );
  };
  return [sequence(one), sequence(other)];
}

type Word = Span & { readonly line: number; readonly text: string };

/** Runs of letters, of spaces, and single marks; a line's end is a word of its own. */
function wordsOf(lines: readonly string[]): Word[] {
  return lines.flatMap((text, line) => [
    ...[...text.matchAll(/[\p{L}\p{N}_.-]+|\s+|./gu)].map((match) => ({
      line,
      text: match[0],
      from: match.index,
      to: match.index + match[0].length,
    })),
    { line, text: "\n", from: text.length, to: text.length },
  ]);
}

function marked(gone: string[], come: string[]): { removed: ChangedLine[]; added: ChangedLine[] } {
  const plain = { removed: gone.map((text) => ({ text, marks: UNMARKED })), added: come.map((text) => ({ text, marks: UNMARKED })) };
  if (gone.length === 0 || come.length === 0 || gone.length + come.length > WORDS_MAX) return plain;
  const [old, next] = [wordsOf(gone), wordsOf(come)];
  if (old.length + next.length > WORDS_MAX) return plain;
  const texts = (words: Word[]) => words.map(({ text }) => text);
  const { diffs } = new MyersDiffAlgorithm().compute(...sequences(texts(old), texts(next)), InfiniteTimeout.instance);
  return {
    removed: withMarks(
      gone,
      diffs.flatMap(({ seq1Range }) => old.slice(seq1Range.start, seq1Range.endExclusive)),
    ),
    added: withMarks(
      come,
      diffs.flatMap(({ seq2Range }) => next.slice(seq2Range.start, seq2Range.endExclusive)),
    ),
  };
}

/** Marks between which no word stands are one: a reader sees words, not letters. */
function withMarks(lines: readonly string[], changed: readonly Word[]): ChangedLine[] {
  return lines.map((text, line) => {
    const marks: Span[] = [];
    for (const { from, to } of changed.filter((word) => word.line === line && word.to > word.from)) {
      const last = marks.at(-1);
      if (last && !/[\p{L}\p{N}]/u.test(text.slice(last.to, from))) marks[marks.length - 1] = { from: last.from, to };
      else marks.push({ from, to });
    }
    const length = marks.reduce((sum, { from, to }) => sum + to - from, 0);
    return { text, marks: length > text.trim().length * MARKED_SHARE_MAX ? [] : marks };
  });
}
