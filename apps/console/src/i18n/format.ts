/** Numbers, sizes, durations, money and times as a reader of the language writes them. Pure: locale, zone and now come in. */
import type { Locale } from "./locale.ts";

export type Format = {
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** A share between 0 and 1. */
  percent(share: number, fractionDigits?: number): string;
  /** Binary units: 1 KiB = 1024 bytes. */
  bytes(bytes: number): string;
  durationMs(ms: number): string;
  /** In millionths of the currency's unit, of which there may be parts. Small amounts keep enough digits to be told apart. */
  money(micros: number, currency: string): string;
  /** "3 min ago", "in 2 h". */
  relative(date: string | Date): string;
  dateTime(date: string | Date): string;
  date(date: string | Date): string;
  time(date: string | Date): string;
  /** "14:00" */
  hour(date: string | Date): string;
  /** "24 Nov" */
  day(date: string | Date): string;
  /** "editors, operators and administrators" */
  list(items: readonly string[], type?: "conjunction" | "disjunction"): string;
};

// Nothing in Intl is cheap to construct; every formatter is made once per locale and options.
const cache = new Map<string, unknown>();
function cached<T>(key: string, make: () => T): T {
  const found = cache.get(key);
  if (found !== undefined) return found as T;
  const made = make();
  cache.set(key, made);
  return made;
}

const BYTE_UNITS: Record<Locale, readonly string[]> = { en: ["B", "KiB", "MiB", "GiB", "TiB"], fr: ["o", "Kio", "Mio", "Gio", "Tio"] };
const NARROW_SPACE = "\u202f";

export function createFormat(locale: Locale, timeZone: string, now: number): Format {
  const numbers = (options: Intl.NumberFormatOptions) =>
    cached(`n:${locale}:${JSON.stringify(options)}`, () => new Intl.NumberFormat(locale, options));
  const dates = (options: Intl.DateTimeFormatOptions) =>
    cached(
      `d:${locale}:${timeZone}:${JSON.stringify(options)}`,
      () => new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, { ...options, timeZone }),
    );
  const unit = (value: number, name: string, fractionDigits = 0) =>
    numbers({ style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: fractionDigits }).format(value);

  const durationMs = (ms: number): string => {
    const sign = ms < 0 ? "−" : "";
    const size = Math.abs(ms);
    if (size < 10) return sign + unit(size, "millisecond", 1);
    if (size < 999.5) return sign + unit(Math.round(size), "millisecond");
    if (size < 59_950) return sign + unit(size / 1000, "second", size < 9_995 ? 2 : 1);
    const seconds = Math.round(size / 1000);
    if (seconds < 3600) return sign + two(Math.floor(seconds / 60), "minute", seconds % 60, "second");
    const minutes = Math.round(size / 60_000);
    if (minutes < 48 * 60) return sign + two(Math.floor(minutes / 60), "hour", minutes % 60, "minute");
    const hours = Math.round(size / 3_600_000);
    return sign + two(Math.floor(hours / 24), "day", hours % 24, "hour");
  };
  const two = (large: number, largeUnit: string, small: number, smallUnit: string) =>
    small === 0 ? unit(large, largeUnit) : `${unit(large, largeUnit)} ${unit(small, smallUnit)}`;

  return {
    number: (value, options = {}) => numbers(options).format(value),
    percent: (share, fractionDigits = 1) => numbers({ style: "percent", maximumFractionDigits: fractionDigits }).format(share),
    bytes(bytes) {
      let value = bytes;
      let step = 0;
      while (Math.abs(value) >= 1024 && step < 4) {
        value /= 1024;
        step++;
      }
      const digits = step === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
      return `${numbers({ maximumFractionDigits: digits }).format(value)}${NARROW_SPACE}${BYTE_UNITS[locale][step] ?? ""}`;
    },
    durationMs,
    money(micros, currency) {
      const value = micros / 1_000_000;
      const size = Math.abs(value);
      const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : size >= 0.000_01 ? 6 : 9;
      return numbers({ style: "currency", currency, minimumFractionDigits: 2, maximumFractionDigits: digits }).format(value);
    },
    relative(date) {
      const ms = new Date(date).getTime() - now;
      const relative = cached(`r:${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" }));
      const size = Math.abs(ms);
      if (size < 5_000) return relative.format(0, "second");
      if (size < 60_000) return relative.format(Math.round(ms / 5_000) * 5, "second");
      if (size < 3_600_000) return relative.format(Math.round(ms / 60_000), "minute");
      if (size < 86_400_000) return relative.format(Math.round(ms / 3_600_000), "hour");
      if (size < 14 * 86_400_000) return relative.format(Math.round(ms / 86_400_000), "day");
      return dates({ day: "numeric", month: "short", year: "numeric" }).format(new Date(date));
    },
    dateTime: (date) =>
      dates({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(
        new Date(date),
      ),
    date: (date) => dates({ day: "numeric", month: "short", year: "numeric" }).format(new Date(date)),
    time: (date) => dates({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(date)),
    hour: (date) => dates({ hour: "2-digit", minute: "2-digit" }).format(new Date(date)),
    day: (date) => dates({ day: "numeric", month: "short" }).format(new Date(date)),
    list: (items, type = "conjunction") => cached(`l:${locale}:${type}`, () => new Intl.ListFormat(locale, { type })).format(items),
  };
}
