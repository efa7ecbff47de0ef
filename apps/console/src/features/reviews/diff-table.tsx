"use client";
import { whenIdle } from "@agent-factory/ui/when-idle";
/**
 * The difference of two manifests as a grid one can walk through: arrow keys go from line to line, remarks stand under theirs. Our own
 * instead of Monaco's: it is on the page with the first paint, remarks are ordinary content in it, and a screen reader reads it as rows.
 *
 * A long difference is drawn in stretches: the first at once, the others while the browser has nothing better to do; those out of sight
 * are laid out when they come into it.
 */
import {
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  type Ref,
  startTransition,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { DiffFold, DiffLine } from "./diff-line.tsx";
import { type FoldRow, type Layout, type LineRow, type Row, rowsOf } from "./diff-rows.ts";
import { GridCell, GridRow } from "./grid-parts.tsx";
import { linesOf, type TextDiff } from "./line-diff.ts";
import { type Coloured, colourLines } from "./yaml-colours.ts";

export type DiffHandle = {
  /** To the beginning of the next change, or the one before. */
  step(direction: 1 | -1): void;
  /** To a line of the newer text, out of its fold if it is in one. */
  goTo(line: number): void;
  /** The line of the newer text that the reader is at; without one, the first that changed. */
  here(): number | null;
};

type Props = {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly diff: TextDiff;
  readonly layout: Layout;
  /** What stands under a line of the newer text. */
  readonly below: ReadonlyMap<number, ReactNode>;
  /** Lines of the newer text that are never folded. */
  readonly needed: ReadonlySet<number>;
  /** Absent: nothing can be said here. */
  readonly onComment?: (line: number) => void;
  readonly handle: Ref<DiffHandle>;
};

const STRETCH_ROWS = 60;
const FIRST_STRETCHES = 1;
const ROW_PX = 20;

export function DiffTable({ label, before, after, diff, layout, below, needed, onComment, handle }: Props): ReactNode {
  const [opened, setOpened] = useState<readonly { from: number; to: number }[]>([]);
  const [active, setActive] = useState<string | null>(null);
  const [drawn, setDrawn] = useState(FIRST_STRETCHES);
  const grid = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => rowsOf(diff, { layout, needed, opened }), [diff, layout, needed, opened]);
  const stretches = useMemo(() => stretchesOf(rows), [rows]);
  const colours = useMemo<Colours>(() => ({ before: colourLines(linesOf(before)), after: colourLines(linesOf(after)) }), [before, after]);
  const open = useCallback((fold: FoldRow) => setOpened((others) => [...others, fold]), []);
  const entry = active ?? rows.find((row) => row.kind === "line")?.key ?? null;

  useEffect(() => {
    if (drawn >= stretches.length) return;
    return whenIdle(() => startTransition(() => setDrawn((count) => count + 1)));
  }, [drawn, stretches.length]);

  const rowAt = (key: string) => grid.current?.querySelector<HTMLElement>(`[data-key="${key}"]`);
  /** Where it is drawn and laid out already, the page does not jump further than it must. */
  const goToRow = (key: string, block: "center" | "nearest") => {
    flushSync(() => {
      if (!rowAt(key)) setDrawn(Number.POSITIVE_INFINITY);
      setActive(key);
    });
    rowAt(key)?.focus({ preventScroll: true });
    rowAt(key)?.scrollIntoView({ block });
  };
  useImperativeHandle(handle, () => ({
    step(direction) {
      const at = rows.findIndex((row) => row.key === active);
      const starts = rows.flatMap((row, index) => (row.kind === "line" && row.starts ? [index] : []));
      const next = direction > 0 ? starts.find((index) => index > at) : starts.findLast((index) => at === -1 || index < at);
      const key = rows[next ?? -1]?.key ?? rows[at]?.key;
      if (key !== undefined) goToRow(key, "center");
    },
    goTo(line) {
      const fold = rows.find((row): row is FoldRow => row.kind === "fold" && row.from <= line && row.to >= line);
      if (fold) flushSync(() => open(fold));
      goToRow(`after-${line}`, "center");
    },
    here() {
      const at = rows.findIndex((row) => row.key === active);
      const from = at === -1 ? rows.findIndex((row) => row.kind === "line" && row.starts) : at;
      const row = rows.slice(Math.max(0, from)).find((found): found is LineRow => found.kind === "line" && found.after !== null);
      return row?.after?.line ?? null;
    },
  }));

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (keyOf(event.target) === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const lines = rows.filter((row): row is LineRow => row.kind === "line");
    const at = lines.findIndex((row) => row.key === active);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (event.key === "Enter") {
      const line = lines[at]?.after?.line;
      if (line !== undefined) onComment?.(line);
    } else if (to !== undefined && lines[to]) {
      event.preventDefault();
      goToRow(lines[to].key, "nearest");
    }
  };
  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const gutter = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-gutter]") : null;
    if (gutter?.dataset["gutter"]) onComment?.(Number(gutter.dataset["gutter"]));
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: see grid-parts.tsx
    <div
      ref={grid}
      role="grid"
      tabIndex={-1}
      aria-label={label}
      aria-rowcount={rows.length}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onFocus={(event) => {
        const key = keyOf(event.target);
        if (key !== undefined) setActive(key);
      }}
      className="font-mono text-[12.5px] leading-5 [font-variant-ligatures:none]"
    >
      {stretches.map((stretch, at) =>
        at < drawn ? (
          <Stretch
            // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place; its rows have names of their own
            key={at}
            rows={stretch}
            index={at * STRETCH_ROWS}
            layout={layout}
            colours={colours}
            below={below}
            active={holds(stretch, active)}
            entry={holds(stretch, entry)}
            canComment={onComment !== undefined}
            onOpen={open}
          />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <div key={at} aria-hidden style={{ height: stretch.length * ROW_PX }} />
        ),
      )}
    </div>
  );
}

function stretchesOf(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / STRETCH_ROWS) }, (_, at) => rows.slice(at * STRETCH_ROWS, (at + 1) * STRETCH_ROWS));
}

function holds(rows: readonly Row[], key: string | null): string | null {
  return key !== null && rows.some((row) => row.key === key) ? key : null;
}

function keyOf(target: EventTarget): string | undefined {
  return target instanceof HTMLElement ? target.dataset["key"] : undefined;
}

type Colours = { readonly before: readonly Coloured[][]; readonly after: readonly Coloured[][] };

type StretchProps = {
  readonly rows: readonly Row[];
  /** Of its first row, in the whole. */
  readonly index: number;
  readonly layout: Layout;
  readonly colours: Colours;
  readonly below: ReadonlyMap<number, ReactNode>;
  /** The row with the focus, and the one that Tab leads to, when they are here. */
  readonly active: string | null;
  readonly entry: string | null;
  readonly canComment: boolean;
  readonly onOpen: (fold: FoldRow) => void;
};

const Stretch = memo(function Stretch({ rows, index, layout, colours, below, active, entry, canComment, onOpen }: StretchProps): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see grid-parts.tsx
    <div role="rowgroup" className="[contain-intrinsic-size:auto_1200px] [content-visibility:auto]">
      {rows.map((row, at) => {
        if (row.kind === "fold") return <DiffFold key={row.key} fold={row} index={index + at} onOpen={onOpen} />;
        const remarks = row.after ? below.get(row.after.line) : undefined;
        return [
          <DiffLine
            key={row.key}
            row={row}
            index={index + at}
            layout={layout}
            active={row.key === active}
            entry={row.key === entry}
            canComment={canComment}
            beforeColours={row.before ? colours.before[row.before.line - 1] : undefined}
            afterColours={row.after ? colours.after[row.after.line - 1] : undefined}
          />,
          remarks === undefined ? null : (
            <GridRow key={`${row.key}-below`} className="px-3 py-2 sm:pl-[112px]">
              <GridCell>{remarks}</GridCell>
            </GridRow>
          ),
        ];
      })}
    </div>
  );
});
