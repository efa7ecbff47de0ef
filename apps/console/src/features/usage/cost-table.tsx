"use client";
import { type Column, RowLink, Table } from "@agent-factory/ui/table";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { changeOf, shareOf } from "./cost-change.ts";
import { useUtcFormat } from "./cost-chart.tsx";
import { changeWord, rowName } from "./cost-words.ts";
import { costMessages } from "./messages.ts";
import { type CostRow, type Costs, type Grouping, NONE, OTHER } from "./usage-view.ts";

/** One line for each thing that cost something now or before; days in order, everything else dearest first. */
export function CostTable({ costs, by }: { costs: Costs; by: Grouping }): ReactNode {
  const messages = useMessages(costMessages);
  const format = useFormat();
  const utc = useUtcFormat();
  const rows = rowsInOrder(costs, by);
  const money = (micros: number) => format.money(micros, costs.currency);
  const columns: readonly Column<CostRow>[] = [
    {
      key: "name",
      header: messages[`columnName_${by}`],
      cell: (row) => (
        <RowLink note={noteOf(messages, by, row)}>{row.href === null ? nameOf(row) : <Link href={row.href}>{nameOf(row)}</Link>}</RowLink>
      ),
    },
    {
      key: "amount",
      header: messages.columnAmount,
      align: "right",
      cell: (row) => <span className="font-medium">{money(row.amount)}</span>,
    },
    {
      key: "share",
      header: messages.columnShare,
      align: "right",
      from: "sm",
      cell: (row) => <Share share={shareOf(row.amount, costs.total)} text={format.percent(shareOf(row.amount, costs.total))} />,
    },
    // A day has no day before it that is the same one.
    ...(by === "day"
      ? []
      : [
          {
            key: "change",
            header: messages.columnChange,
            align: "right" as const,
            cell: (row: CostRow) => <span className="text-ink-2">{changeWord(messages, format, changeOf(row))}</span>,
          },
        ]),
    { key: "runs", header: messages.columnRuns, align: "right", from: "sm", cell: (row) => format.number(row.runs) },
    {
      key: "per-run",
      header: messages.columnPerRun,
      align: "right",
      from: "md",
      cell: (row) => <span className="text-ink-2">{row.runs === 0 ? "" : money((1_000 * row.amount) / row.runs)}</span>,
    },
  ];
  const nameOf = (row: CostRow) => (by === "day" && row.key !== OTHER ? utc.date(`${row.key}T00:00:00Z`) : rowName(messages, by, row));
  return <Table label={messages.title} columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

export function rowsInOrder(costs: Costs, by: Grouping): readonly CostRow[] {
  if (by !== "day") return costs.rows;
  return costs.rows.filter(({ amount, runs }) => amount > 0 || runs > 0).toSorted((a, b) => (a.key < b.key ? 1 : -1));
}

function noteOf(messages: (typeof costMessages)["en"], by: Grouping, row: CostRow): string | undefined {
  if (row.key === OTHER) return messages.otherNote;
  if (row.key !== NONE) return undefined;
  return by === "channel" ? messages.none_channelNote : by === "version" ? messages.none_versionNote : undefined;
}

function Share({ share, text }: { share: number; text: string }): ReactNode {
  return (
    <span className="inline-flex items-center justify-end gap-2">
      <span aria-hidden className="hidden h-1.5 w-20 overflow-hidden rounded-full bg-unknown-soft lg:block">
        <span className="block h-full rounded-full bg-accent" style={{ width: `${100 * share}%` }} />
      </span>
      <span className="w-14">{text}</span>
    </span>
  );
}
