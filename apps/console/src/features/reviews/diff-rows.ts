/** What the difference shows, row by row: changes with some lines around them, the rest folded. Pure. */
import type { ChangedLine, Segment, Span, TextDiff } from "./line-diff.ts";

export type Side = { readonly line: number; readonly text: string; readonly marks: readonly Span[] };

/**
 * One row. Unified: a line that went has no `after`, one that came no `before`. Split: what went stands beside what came in its place.
 * `key` names the row for as long as the two texts stay; `starts`: the first row of a change.
 */
export type LineRow = {
  readonly kind: "line";
  readonly key: string;
  readonly change: "same" | "removed" | "added" | "both";
  readonly before: Side | null;
  readonly after: Side | null;
  readonly starts: boolean;
};
/** Unchanged lines that are out of sight: `from` to `to` of the newer text. */
export type FoldRow = { readonly kind: "fold"; readonly key: string; readonly from: number; readonly to: number };
export type Row = LineRow | FoldRow;

export type Layout = "split" | "unified";

export type View = {
  readonly layout: Layout;
  /** Lines of the newer text that must be seen: somebody speaks of them. */
  readonly needed: ReadonlySet<number>;
  /** Folds the reader has opened. */
  readonly opened: readonly { readonly from: number; readonly to: number }[];
};

const UNMARKED: readonly Span[] = [];
const CONTEXT_LINES = 3;
/** Folding fewer lines than this saves nothing. */
const FOLDED_MIN = 3;

export function rowsOf(diff: TextDiff, view: View): Row[] {
  const last = diff.segments.length - 1;
  return diff.segments.flatMap((segment, at) =>
    segment.kind === "same" ? sameRows(segment, at === 0, at === last, view) : changedRows(segment, view.layout),
  );
}

function sameRows(segment: Extract<Segment, { kind: "same" }>, first: boolean, last: boolean, view: View): Row[] {
  const { lines, before, after } = segment;
  const seen = lines.map((_, at) => {
    const line = after + at;
    return (
      (!first && at < CONTEXT_LINES) ||
      (!last && at >= lines.length - CONTEXT_LINES) ||
      [-1, 0, 1].some((step) => view.needed.has(line + step)) ||
      view.opened.some(({ from, to }) => line >= from && line <= to)
    );
  });
  const rows: Row[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && seen[end] === seen[at]) end += 1;
    if (!seen[at] && end - at >= FOLDED_MIN) rows.push({ kind: "fold", key: `fold-${after + at}`, from: after + at, to: after + end - 1 });
    else
      for (let line = at; line < end; line += 1) {
        const text = lines[line] ?? "";
        rows.push(lineRow(side(before + line, { text, marks: UNMARKED }), side(after + line, { text, marks: UNMARKED }), "same", false));
      }
    at = end;
  }
  return rows;
}

function changedRows({ before, after, removed, added }: Extract<Segment, { kind: "changed" }>, layout: Layout): LineRow[] {
  const gone = removed.map((line, at) => side(before + at, line));
  const come = added.map((line, at) => side(after + at, line));
  if (layout === "unified")
    return [
      ...gone.map((line, at) => lineRow(line, null, "removed", at === 0)),
      ...come.map((line, at) => lineRow(null, line, "added", at === 0 && gone.length === 0)),
    ];
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, at) => {
    const [left, right] = [gone[at] ?? null, come[at] ?? null];
    return lineRow(left, right, left && right ? "both" : left ? "removed" : "added", at === 0);
  });
}

function lineRow(before: Side | null, after: Side | null, change: LineRow["change"], starts: boolean): LineRow {
  return { kind: "line", key: after ? `after-${after.line}` : `before-${before?.line ?? 0}`, change, before, after, starts };
}

function side(line: number, { text, marks }: ChangedLine): Side {
  return { line, text, marks };
}
