"use client";
/**
 * The difference of two manifests as a table one can walk through: arrow keys go from line to line, remarks stand under theirs. Our own
 * instead of Monaco's: it is on the page with the first paint, remarks are ordinary content in it, and a screen reader reads it as rows.
 *
 * Long differences are drawn in slices: what fits a screen at once, the rest while the browser has nothing better to do.
 */
import { Plus, UnfoldVertical } from "lucide-react";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  type Ref,
  startTransition,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { useMessages } from "../../i18n/i18n.tsx";
import { type FoldRow, type Layout, type LineRow, type Row, rowsOf, type Side } from "./diff-rows.ts";
import { linesOf, type TextDiff } from "./line-diff.ts";
import { LineText } from "./line-text.tsx";
import { reviewMessages } from "./messages.ts";
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

const FIRST_ROWS = 120;
const SLICE_ROWS = 400;
const ROW_PX = 20;
const HANGING_CHARACTERS_MAX = 24;

export function DiffTable({ label, before, after, diff, layout, below, needed, onComment, handle }: Props): ReactNode {
  const [opened, setOpened] = useState<readonly { from: number; to: number }[]>([]);
  const [active, setActive] = useState<string | null>(null);
  const [drawn, setDrawn] = useState(FIRST_ROWS);
  const table = useRef<HTMLTableElement>(null);
  const rows = useMemo(() => rowsOf(diff, { layout, needed, opened }), [diff, layout, needed, opened]);
  const oldColours = useMemo(() => colourLines(linesOf(before)), [before]);
  const newColours = useMemo(() => colourLines(linesOf(after)), [after]);
  const columns = layout === "unified" ? 4 : 5;
  const entry = active ?? rows.find((row) => row.kind === "line")?.key ?? null;

  useEffect(() => {
    if (drawn >= rows.length) return;
    return whenIdle(() => startTransition(() => setDrawn((count) => count + SLICE_ROWS)));
  }, [drawn, rows.length]);

  const focus = (key: string) => {
    const row = table.current?.querySelector<HTMLElement>(`[data-key="${key}"]`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "center" });
  };
  const move = (key: string | undefined) => {
    if (key === undefined) return;
    flushSync(() => {
      setDrawn(Math.max(drawn, rows.length));
      setActive(key);
    });
    focus(key);
  };
  useImperativeHandle(handle, () => ({
    step(direction) {
      const at = rows.findIndex((row) => row.key === active);
      const starts = rows.flatMap((row, index) => (row.kind === "line" && row.starts ? [index] : []));
      const next = direction > 0 ? starts.find((index) => index > at) : starts.findLast((index) => at === -1 || index < at);
      move(rows[next ?? -1]?.key ?? rows[at]?.key);
    },
    goTo(line) {
      const fold = rows.find((row): row is FoldRow => row.kind === "fold" && row.from <= line && row.to >= line);
      if (fold) flushSync(() => setOpened([...opened, fold]));
      flushSync(() => {
        setDrawn(Number.POSITIVE_INFINITY);
        setActive(`after-${line}`);
      });
      focus(`after-${line}`);
    },
    here() {
      const at = rows.findIndex((row) => row.key === active);
      const from = at === -1 ? rows.findIndex((row) => row.kind === "line" && row.starts) : at;
      const row = rows.slice(Math.max(0, from)).find((found): found is LineRow => found.kind === "line" && found.after !== null);
      return row?.after?.line ?? null;
    },
  }));

  const onKeyDown = (event: KeyboardEvent<HTMLTableElement>) => {
    if (!(event.target instanceof HTMLTableRowElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = rows.slice(0, drawn).filter((row): row is LineRow => row.kind === "line");
    const at = shown.findIndex((row) => row.key === active);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (event.key === "Enter") {
      const line = shown[at]?.after?.line;
      if (line !== undefined) onComment?.(line);
    } else if (to !== undefined && shown[to]) {
      event.preventDefault();
      setActive(shown[to].key);
      const row = table.current?.querySelector<HTMLElement>(`[data-key="${shown[to].key}"]`);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    }
  };
  const onClick = (event: MouseEvent<HTMLTableElement>) => {
    if (!(event.target instanceof Element)) return;
    const gutter = event.target.closest<HTMLElement>("[data-gutter]");
    if (gutter?.dataset["gutter"]) onComment?.(Number(gutter.dataset["gutter"]));
  };

  const left = rows.length - Math.min(drawn, rows.length);
  return (
    <table
      ref={table}
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table that is walked through by keys is a grid (ARIA APG)
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onFocus={(event) => {
        const key = event.target instanceof HTMLTableRowElement ? event.target.dataset["key"] : undefined;
        if (key !== undefined) setActive(key);
      }}
      className="w-full table-fixed border-collapse font-mono text-[12.5px] leading-5 [font-variant-ligatures:none]"
    >
      {layout === "unified" ? (
        <colgroup>
          <col className="w-9 sm:w-11" />
          <col className="w-9 sm:w-11" />
          <col className="w-6" />
          <col />
        </colgroup>
      ) : (
        <colgroup>
          <col className="w-11" />
          <col />
          <col className="w-11" />
          <col className="w-6" />
          <col />
        </colgroup>
      )}
      <tbody>
        {rows.slice(0, drawn).map((row, at) => (
          <Slot
            key={row.key}
            row={row}
            index={at}
            layout={layout}
            columns={columns}
            active={row.key === active}
            entry={row.key === entry}
            oldColours={oldColours}
            newColours={newColours}
            below={row.kind === "line" && row.after ? below.get(row.after.line) : undefined}
            canComment={onComment !== undefined}
            onOpen={(fold) => setOpened([...opened, fold])}
          />
        ))}
        {left > 0 ? (
          <tr aria-hidden>
            <td colSpan={columns} style={{ height: left * ROW_PX }} />
          </tr>
        ) : null}
      </tbody>
    </table>
  );
}

type SlotProps = {
  readonly row: Row;
  readonly index: number;
  readonly layout: Layout;
  readonly columns: number;
  readonly active: boolean;
  readonly entry: boolean;
  readonly oldColours: readonly Coloured[][];
  readonly newColours: readonly Coloured[][];
  readonly below: ReactNode;
  readonly canComment: boolean;
  readonly onOpen: (fold: FoldRow) => void;
};

function Slot({ row, columns, below, onOpen, oldColours, newColours, index, ...line }: SlotProps): ReactNode {
  if (row.kind === "fold") return <Fold fold={row} columns={columns} index={index} onOpen={onOpen} />;
  return (
    <>
      <Line
        row={row}
        index={index}
        {...line}
        beforeColours={row.before ? oldColours[row.before.line - 1] : undefined}
        afterColours={row.after ? newColours[row.after.line - 1] : undefined}
      />
      {below === undefined || below === null ? null : (
        <tr>
          <td colSpan={columns} className="bg-surface px-3 py-2 sm:pl-[112px]">
            {below}
          </td>
        </tr>
      )}
    </>
  );
}

function Fold({
  fold,
  columns,
  index,
  onOpen,
}: {
  fold: FoldRow;
  columns: number;
  index: number;
  onOpen: (fold: FoldRow) => void;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const count = fold.to - fold.from + 1;
  return (
    <tr aria-rowindex={index + 1}>
      <td colSpan={columns} className="p-0">
        <button
          type="button"
          aria-label={messages.showUnchanged(count)}
          onClick={() => onOpen(fold)}
          className="flex w-full items-center gap-2 bg-sunken px-4 py-[3px] text-left font-sans text-sm text-ink-2 hover:bg-hover hover:text-ink focus-visible:-outline-offset-2"
        >
          <UnfoldVertical aria-hidden className="size-3.5 shrink-0" />
          {messages.unchanged(count)}
        </button>
      </td>
    </tr>
  );
}

const NONE: readonly Coloured[] = [];
const grounds = { same: "", removed: "bg-removed-soft", added: "bg-added-soft", both: "" } as const;
const number = "relative px-2 text-right align-top text-ink-2 select-none";
const code = "py-0 pr-3 align-top whitespace-pre-wrap [overflow-wrap:anywhere]";

type LineProps = Omit<SlotProps, "row" | "columns" | "below" | "onOpen" | "oldColours" | "newColours"> & {
  readonly row: LineRow;
  readonly beforeColours: readonly Coloured[] | undefined;
  readonly afterColours: readonly Coloured[] | undefined;
};

const Line = memo(
  function Line({ row, index, layout, active, entry, canComment, beforeColours = NONE, afterColours = NONE }: LineProps): ReactNode {
    const messages = useMessages(reviewMessages);
    const { before, after, change } = row;
    const attributes = {
      "data-key": row.key,
      "data-change": change,
      "data-line": after?.line,
      "aria-rowindex": index + 1,
      tabIndex: entry ? 0 : -1,
    } as const;
    const gutter = after === null || !canComment ? {} : { "data-gutter": after.line };
    const newNumber = (
      <td
        {...gutter}
        className={`${number} ${layout === "split" && after !== null && change !== "same" ? "bg-added-soft" : ""} ${canComment && after ? "group/gutter cursor-pointer" : ""}`}
      >
        {after?.line}
        {canComment && after ? <CommentButton active={active} label={messages.commentOn(after.line)} /> : null}
      </td>
    );
    if (layout === "unified") {
      const side = after ?? before;
      return (
        <tr {...attributes} className={`group/line focus-visible:-outline-offset-2 ${grounds[change]}`}>
          <td className={number}>{before?.line}</td>
          {newNumber}
          <Marker change={change} />
          <td className={code} style={hanging(side?.text)}>
            <LineText
              text={side?.text ?? ""}
              colours={after ? afterColours : beforeColours}
              marks={side?.marks ?? []}
              tone={after ? "added" : "removed"}
            />
          </td>
        </tr>
      );
    }
    return (
      <tr {...attributes} className="group/line focus-visible:-outline-offset-2">
        <td className={`${number} ${sideGround(before, change, "bg-removed-soft")}`}>{before?.line}</td>
        <td className={`${code} border-r border-line ${sideGround(before, change, "bg-removed-soft")}`} style={hanging(before?.text)}>
          {before === null ? null : (
            <>
              {change === "same" ? null : <span className="sr-only">{messages.lineRemoved}: </span>}
              <LineText text={before.text} colours={beforeColours} marks={before.marks} tone="removed" />
            </>
          )}
        </td>
        {newNumber}
        {after === null ? <td className="bg-sunken" /> : <Marker change={change === "both" ? "added" : change} />}
        <td className={`${code} ${sideGround(after, change, "bg-added-soft")}`} style={hanging(after?.text)}>
          {after === null ? null : <LineText text={after.text} colours={afterColours} marks={after.marks} tone="added" />}
        </td>
      </tr>
    );
  },
  (old, next) =>
    old.row.key === next.row.key &&
    old.row.before?.text === next.row.before?.text &&
    old.row.after?.text === next.row.after?.text &&
    old.row.change === next.row.change &&
    old.row.before?.line === next.row.before?.line &&
    old.row.before?.marks === next.row.before?.marks &&
    old.row.after?.marks === next.row.after?.marks &&
    old.index === next.index &&
    old.layout === next.layout &&
    old.active === next.active &&
    old.entry === next.entry &&
    old.canComment === next.canComment &&
    old.beforeColours === next.beforeColours &&
    old.afterColours === next.afterColours,
);

/** A long line goes on below its own beginning, not at the edge. */
function hanging(text = ""): CSSProperties {
  const indent = Math.min(text.search(/\S|$/), HANGING_CHARACTERS_MAX);
  return { paddingLeft: `calc(4px + ${indent}ch)`, textIndent: `-${indent}ch` };
}

function sideGround(side: Side | null, change: LineRow["change"], changed: string): string {
  if (side === null) return "bg-sunken";
  return change === "same" ? "" : changed;
}

/** Colour is not alone: a plus or a minus says the same, and a word to those who listen. */
function Marker({ change }: { change: LineRow["change"] }): ReactNode {
  const messages = useMessages(reviewMessages);
  if (change === "same") return <td />;
  const added = change === "added";
  return (
    <td className={`align-top select-none ${added ? "bg-added-soft text-healthy" : "text-breached"}`}>
      <span aria-hidden>{added ? "+" : "−"}</span>
      <span className="sr-only">{added ? messages.lineAdded : messages.lineRemoved}</span>
    </td>
  );
}

/** Shown where the pointer is, and at the line one has walked to; there it can be pressed by everybody. */
function CommentButton({ active, label }: { active: boolean; label: string }): ReactNode {
  const look = "absolute top-0 -right-2.5 z-[1] size-5 items-center justify-center rounded-sm bg-accent text-accent-ink [&_svg]:size-3.5";
  if (active)
    return (
      <button type="button" tabIndex={-1} aria-label={label} className={`${look} flex`}>
        <Plus aria-hidden />
      </button>
    );
  return (
    <span aria-hidden className={`${look} hidden group-hover/line:flex`}>
      <Plus />
    </span>
  );
}

function whenIdle(work: () => void): () => void {
  // Safari has no idle callback: soon is idle enough.
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(work, 50);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work, { timeout: 500 });
  return () => cancelIdleCallback(handle);
}
