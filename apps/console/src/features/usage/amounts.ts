/** Amounts and levels as people type them. Pure. */

/** Millionths of what was typed with a comma or a point; null: that is no amount, or too small to be one. */
export function microsOf(typed: string): number | null {
  const text = typed.replaceAll(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(text)) return null;
  const [whole = "0", part = ""] = text.split(".");
  const micros = Number(whole) * 1_000_000 + Number(part.padEnd(6, "0"));
  return micros;
}

/** An amount as one types it, without digits that say nothing. */
export function typedOf(micros: number, locale: string): string {
  return new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 6 }).format(micros / 1_000_000);
}

/** "50, 80 %" as levels in rising order, each once; null: something in it is no whole percentage between 1 and 1000, or too many. */
export function levelsOf(typed: string): readonly number[] | null {
  const parts = typed.split(/[\s,;%]+/).filter((part) => part !== "");
  if (parts.length > 10 || !parts.every((part) => /^\d{1,4}$/.test(part))) return null;
  const levels = [...new Set(parts.map(Number))].sort((a, b) => a - b);
  return levels.every((level) => level >= 1 && level <= 1_000) ? levels : null;
}

const HOUR_SECONDS = 3_600;

/** A price of a second is a few millionths; people think in hours. */
export function hourlyMicros(secondMicros: number): number {
  return secondMicros * HOUR_SECONDS;
}

/** To six decimals, which is what a price book keeps. */
export function secondlyMicros(hourMicros: number): number {
  return Math.round((hourMicros / HOUR_SECONDS) * 1_000_000) / 1_000_000;
}
