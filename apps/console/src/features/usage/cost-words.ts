/** Changes and rows in the reader's words. Pure: messages and formats come in. */
import type { Format } from "../../i18n/i18n.tsx";
import { type Change, changeOf, moverOf } from "./cost-change.ts";
import type { costMessages } from "./messages.ts";
import type { Period } from "./period.ts";
import { type CostRow, type Grouping, NONE, OTHER } from "./usage-view.ts";

type Words = (typeof costMessages)["en"];

/** What a row is called: by the registry, or by us where it belongs to nothing. */
export function rowName(words: Words, by: Grouping, row: Pick<CostRow, "key" | "label">): string {
  if (row.label !== null) return row.label;
  if (row.key === OTHER) return words.others;
  return row.key === NONE && by !== "day" ? words[`none_${by}`] : row.key;
}

export function beforeName(words: Words, period: Pick<Period, "kind" | "days">): string {
  return period.kind === "month" ? words.beforeMonth : words.beforeDays(period.days);
}

/** "+12 % against the 30 days before; most of it log-digest 1.1.0" */
export function changeSentence(
  words: Words,
  format: Format,
  input: {
    readonly period: Pick<Period, "kind" | "days">;
    readonly total: number;
    readonly previous: number | null;
    readonly currency: string;
    readonly versions: readonly Pick<CostRow, "key" | "label" | "amount" | "previous">[];
  },
): string | null {
  const change = changeOf({ amount: input.total, previous: input.previous });
  if (change === null) return null;
  const before = beforeName(words, input.period);
  if (change.kind === "new") return words.changedNew(before);
  if (change.kind === "gone") return words.changedGone(format.money(input.previous ?? 0, input.currency), before);
  if (change.kind === "same") return input.total === 0 ? words.changedNew(before) : words.changedSame(before);
  const size = format.percent(Math.abs(change.share), 0);
  const said = change.share > 0 ? words.changedMore(size, before) : words.changedLess(size, before);
  const mover = moverOf(input.versions, { amount: input.total, previous: input.previous });
  return mover === null ? said : `${said} · ${words.mostly(rowName(words, "version", mover))}`;
}

/** In a table's cell. */
export function changeWord(words: Words, format: Format, change: Change | null): string {
  if (change === null) return "";
  if (change.kind === "new") return words.changeNew;
  if (change.kind === "gone") return words.changeGone;
  if (change.kind === "same") return words.changeSame;
  return `${change.share > 0 ? "+" : "−"}${format.percent(Math.abs(change.share), 0)}`;
}
