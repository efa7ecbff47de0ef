"use client";
import { Plus, UnfoldVertical } from "lucide-react";
import { type CSSProperties, memo, type ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import type { FoldRow, Layout, LineRow, Side } from "./diff-rows.ts";
import { GridCell, GridRow } from "./grid-parts.tsx";
import { LineText } from "./line-text.tsx";
import { reviewMessages } from "./messages.ts";
import type { Coloured } from "./yaml-colours.ts";

/** Unchanged lines out of sight, and the way to see them. */
export function DiffFold({ fold, index, onOpen }: { fold: FoldRow; index: number; onOpen: (fold: FoldRow) => void }): ReactNode {
  const messages = useMessages(reviewMessages);
  const count = fold.to - fold.from + 1;
  return (
    <GridRow aria-rowindex={index + 1}>
      <GridCell>
        <button
          type="button"
          aria-label={messages.showUnchanged(count)}
          onClick={() => onOpen(fold)}
          className="flex w-full items-center gap-2 bg-sunken px-4 py-[3px] text-left font-sans text-sm text-ink-2 hover:bg-hover hover:text-ink focus-visible:-outline-offset-2"
        >
          <UnfoldVertical aria-hidden className="size-3.5 shrink-0" />
          {messages.unchanged(count)}
        </button>
      </GridCell>
    </GridRow>
  );
}

type Props = {
  readonly row: LineRow;
  readonly index: number;
  readonly layout: Layout;
  readonly active: boolean;
  readonly entry: boolean;
  readonly canComment: boolean;
  readonly beforeColours: readonly Coloured[] | undefined;
  readonly afterColours: readonly Coloured[] | undefined;
};

const NONE: readonly Coloured[] = [];
const HANGING_CHARACTERS_MAX = 24;
const grounds = { same: "", removed: "bg-removed-soft", added: "bg-added-soft", both: "" } as const;
const number = "relative px-2 text-right text-ink-2 select-none";
const code = "min-w-0 pr-3 whitespace-pre-wrap [overflow-wrap:anywhere]";
const columns = {
  unified: "grid grid-cols-[36px_36px_24px_minmax(0,1fr)] sm:grid-cols-[44px_44px_24px_minmax(0,1fr)]",
  split: "grid grid-cols-[44px_minmax(0,1fr)_44px_24px_minmax(0,1fr)]",
} as const;

/** One line of the difference; in the split layout, a line of each text beside each other. */
export const DiffLine = memo(function DiffLine(props: Props): ReactNode {
  const { row, index, layout, entry } = props;
  const attributes = {
    "data-key": row.key,
    "data-change": row.change,
    "data-line": row.after?.line,
    "aria-rowindex": index + 1,
    tabIndex: entry ? 0 : -1,
  } as const;
  return (
    <GridRow
      {...attributes}
      className={`group/line ${columns[layout]} focus-visible:-outline-offset-2 ${layout === "unified" ? grounds[row.change] : ""}`}
    >
      {layout === "unified" ? <Unified {...props} /> : <Split {...props} />}
    </GridRow>
  );
}, isSame);

/** Rows are made anew when a fold opens; most of them say what they said. */
function isSame(old: Props, next: Props): boolean {
  return (
    (old.row === next.row ||
      (old.row.key === next.row.key &&
        old.row.change === next.row.change &&
        isSameSide(old.row.before, next.row.before) &&
        isSameSide(old.row.after, next.row.after))) &&
    old.index === next.index &&
    old.layout === next.layout &&
    old.active === next.active &&
    old.entry === next.entry &&
    old.canComment === next.canComment &&
    old.beforeColours === next.beforeColours &&
    old.afterColours === next.afterColours
  );
}

function isSameSide(old: Side | null, next: Side | null): boolean {
  return old === next || (old?.line === next?.line && old?.text === next?.text && old?.marks === next?.marks);
}

function Unified({ row, active, canComment, beforeColours = NONE, afterColours = NONE }: Props): ReactNode {
  const { before, after, change } = row;
  const side = after ?? before;
  return (
    <>
      <GridCell className={number}>{before?.line}</GridCell>
      <NewNumber after={after} active={active} canComment={canComment} />
      <Marker change={change} />
      <GridCell className={code} style={hanging(side?.text)}>
        <LineText
          text={side?.text ?? ""}
          colours={after ? afterColours : beforeColours}
          marks={side?.marks ?? []}
          tone={after ? "added" : "removed"}
        />
      </GridCell>
    </>
  );
}

function Split({ row, active, canComment, beforeColours = NONE, afterColours = NONE }: Props): ReactNode {
  const messages = useMessages(reviewMessages);
  const { before, after, change } = row;
  const [left, right] = [sideGround(before, change, "bg-removed-soft"), sideGround(after, change, "bg-added-soft")];
  return (
    <>
      <GridCell className={`${number} ${left}`}>{before?.line}</GridCell>
      <GridCell className={`${code} border-r border-line ${left}`} style={hanging(before?.text)}>
        {before === null ? null : (
          <>
            {change === "same" ? null : <span className="sr-only">{messages.lineRemoved}: </span>}
            <LineText text={before.text} colours={beforeColours} marks={before.marks} tone="removed" />
          </>
        )}
      </GridCell>
      <NewNumber after={after} active={active} canComment={canComment} ground={right} />
      {after === null ? <GridCell className={right}>{null}</GridCell> : <Marker change={change === "both" ? "added" : change} />}
      <GridCell className={`${code} ${right}`} style={hanging(after?.text)}>
        {after === null ? null : <LineText text={after.text} colours={afterColours} marks={after.marks} tone="added" />}
      </GridCell>
    </>
  );
}

function NewNumber({
  after,
  active,
  canComment,
  ground = "",
}: {
  after: Side | null;
  active: boolean;
  canComment: boolean;
  ground?: string;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const gutter = canComment && after !== null;
  return (
    <GridCell className={`${number} ${ground} ${gutter ? "cursor-pointer" : ""}`} data-gutter={gutter ? after.line : undefined}>
      {after?.line}
      {gutter ? <CommentButton active={active} label={messages.commentOn(after.line)} /> : null}
    </GridCell>
  );
}

/** Colour is not alone: a plus or a minus says the same, and a word to those who listen. */
function Marker({ change }: { change: LineRow["change"] }): ReactNode {
  const messages = useMessages(reviewMessages);
  if (change === "same") return <GridCell>{null}</GridCell>;
  const added = change === "added";
  return (
    <GridCell className={`select-none ${added ? "bg-added-soft text-healthy" : "text-breached"}`}>
      <span aria-hidden>{added ? "+" : "−"}</span>
      <span className="sr-only">{added ? messages.lineAdded : messages.lineRemoved}</span>
    </GridCell>
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

/** A long line goes on below its own beginning, not at the edge. */
function hanging(text = ""): CSSProperties {
  const indent = Math.min(text.search(/\S|$/), HANGING_CHARACTERS_MAX);
  return { paddingLeft: `calc(4px + ${indent}ch)`, textIndent: `-${indent}ch` };
}

function sideGround(side: Side | null, change: LineRow["change"], changed: string): string {
  if (side === null) return "bg-sunken";
  return change === "same" ? "" : changed;
}
