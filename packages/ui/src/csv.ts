/** Rows as a file of RFC 4180: lines end in CR LF, what needs quotes has them, quotes in it are doubled. Pure. */
export type Cell = string | number | null;

export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cellOf).join(",")}\r\n`).join("");
}

/** A text that a spreadsheet would take for a formula is given as the text that it is: names here are written by many people. */
function cellOf(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Money exactly: millionths, to a thousandth of one, as a decimal number with a point in every language. */
export function decimalOf(micros: number): string {
  const nanos = Math.abs(Math.round(micros * 1_000));
  return `${micros < 0 ? "-" : ""}${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, "0")}`;
}
