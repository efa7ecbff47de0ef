/** The audit trail as a file. Names of columns and keys are the same in every language: programs read them. Pure. */
import { toCsv } from "@agent-factory/ui/csv";
import type { AuditEntry } from "./audit-entry.ts";

/** `csv` for a spreadsheet, `jsonl` (one JSON object a line) for a program. */
export type AuditFormat = "csv" | "jsonl";
export type AuditFile = { readonly name: string; readonly mediaType: string; readonly text: string };

const COLUMNS = [
  "id",
  "at",
  "actorKind",
  "actorId",
  "actorName",
  "action",
  "resourceKind",
  "resourceId",
  "outcome",
  "reason",
  "traceId",
] as const;

/** Newest first, as the trail is shown. `now`: when it was taken, for its name. */
export function auditFile(entries: readonly AuditEntry[], format: AuditFormat, now: Date): AuditFile {
  const name = `audit-${now.toISOString().slice(0, 19).replaceAll(":", "")}Z.${format}`;
  if (format === "jsonl")
    return { name, mediaType: "application/jsonl", text: entries.map((entry) => `${JSON.stringify(entry)}\n`).join("") };
  const header = [...COLUMNS.map((column) => column.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)), "before", "after"];
  const rows = entries.map((entry) => [...COLUMNS.map((column) => entry[column]), jsonOf(entry.before), jsonOf(entry.after)]);
  return { name, mediaType: "text/csv;charset=utf-8", text: toCsv(header, rows) };
}

function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

type Page = { readonly items: readonly AuditEntry[]; readonly nextCursor: string | null };

/** Page after page, until there is none or `max` entries are there; `more` says whether older ones were left. */
export async function gather(
  page: (cursor: string | undefined) => Promise<Page>,
  max: number,
  onProgress: (count: number) => void,
): Promise<{ entries: AuditEntry[]; more: boolean }> {
  const entries: AuditEntry[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, nextCursor } = await page(cursor);
    entries.push(...items);
    if (entries.length > max || (entries.length === max && nextCursor !== null)) return { entries: entries.slice(0, max), more: true };
    if (nextCursor === null) return { entries, more: false };
    cursor = nextCursor;
    onProgress(entries.length);
  }
}
