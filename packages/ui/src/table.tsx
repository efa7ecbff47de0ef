"use client";
import { clsx } from "clsx";
import type { ReactNode } from "react";

export type Column<Row> = {
  readonly key: string;
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand right, under a header that stands right. */
  readonly align?: "left" | "right";
  /** Hidden where the page is narrower than this. */
  readonly from?: "sm" | "md" | "lg" | "xl";
  readonly className?: string;
  /** A header that is read out but not shown (a column of menus). */
  readonly headerHidden?: boolean;
};

export type TableProps<Row> = {
  /** What the table lists, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly footer?: ReactNode;
  /** Marks a row: the one whose details are open. */
  readonly isSelected?: (row: Row) => boolean;
  /** Below the row, over the whole width. */
  readonly detail?: (row: Row) => ReactNode | null;
};

const shownFrom = {
  sm: "hidden sm:table-cell",
  md: "hidden md:table-cell",
  lg: "hidden lg:table-cell",
  xl: "hidden xl:table-cell",
} as const;

/** Rows of one kind. The first column names the row; put the link that opens it there (see {@link RowLink}). */
export function Table<Row>({ label, columns, rows, rowKey, footer, isSelected, detail }: TableProps<Row>): ReactNode {
  return (
    <div className="min-w-0 overflow-hidden rounded-md border border-line bg-surface">
      {/* Positioned, so that what is only read out scrolls with it and does not widen the page. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls sideways must be reachable by keyboard */}
      <section aria-label={label} tabIndex={0} className="relative overflow-x-auto focus-visible:-outline-offset-2">
        <table className="w-full border-collapse text-left">
          <caption className="sr-only">{label}</caption>
          <thead>
            <tr className="h-[33px] border-b border-line">
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  className={clsx(
                    "px-4 text-xs font-medium whitespace-nowrap text-ink-3",
                    column.align === "right" && "text-right",
                    column.from && shownFrom[column.from],
                  )}
                >
                  {column.headerHidden ? <span className="sr-only">{column.header}</span> : column.header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const below = detail?.(row) ?? null;
              return (
                <TableRow key={rowKey(row)} selected={isSelected?.(row) ?? false} below={below} span={columns.length}>
                  {columns.map((column, index) => {
                    const look = clsx(
                      "px-4 py-2 font-normal",
                      column.align === "right" && "text-right whitespace-nowrap",
                      column.from && shownFrom[column.from],
                      column.className,
                    );
                    return index === 0 ? (
                      <th key={column.key} scope="row" className={look}>
                        {column.cell(row)}
                      </th>
                    ) : (
                      <td key={column.key} className={look}>
                        {column.cell(row)}
                      </td>
                    );
                  })}
                </TableRow>
              );
            })}
          </tbody>
        </table>
      </section>
      {footer === undefined ? null : <div className="flex items-center gap-3 border-t border-line px-4 py-2 text-ink-2">{footer}</div>}
    </div>
  );
}

function TableRow({
  selected,
  below,
  span,
  children,
}: {
  selected: boolean;
  below: ReactNode;
  span: number;
  children: ReactNode;
}): ReactNode {
  return (
    <>
      <tr
        data-selected={selected || undefined}
        className="relative h-[44px] border-b border-line transition-colors last:border-b-0 hover:bg-hover/60 data-[selected]:bg-accent-soft/50"
      >
        {children}
      </tr>
      {below === null ? null : (
        <tr className="border-b border-line bg-sunken last:border-b-0">
          <td colSpan={span} className="p-0">
            {below}
          </td>
        </tr>
      )}
    </>
  );
}

/** Puts the name of a row in bold with what it is below; wrap the link in it and the whole row becomes its target. */
export function RowLink({ children, note }: { children: ReactNode; note?: ReactNode }): ReactNode {
  return (
    <span className="block min-w-0">
      <span className="font-semibold [&_a]:rounded-sm [&_a]:after:absolute [&_a]:after:inset-0 [&_a]:after:content-[''] [&_a:hover]:underline">
        {children}
      </span>
      {note === undefined ? null : <span className="block text-sm text-ink-3 sm:truncate">{note}</span>}
    </span>
  );
}
