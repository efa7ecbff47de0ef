import type { Format } from "../../i18n/i18n.tsx";

/** A weight as it is said: "10 %", "0.25 %". */
export function percentOf(weightPercent: number, format: Pick<Format, "percent">): string {
  return format.percent(weightPercent / 100, 2);
}
