import { clsx } from "clsx";
import type { ReactNode } from "react";

export type MeterTone = "healthy" | "warning" | "breached" | "accent" | "unknown";
const paints: Record<MeterTone, string> = {
  healthy: "bg-healthy",
  warning: "bg-warning",
  breached: "bg-breached",
  accent: "bg-accent",
  unknown: "bg-unknown",
};

/** A part of a whole as a bar with marks. What it says stands beside it in words: this is only drawn. */
export function Meter({
  percent,
  tone,
  marks = [],
  full = 100,
}: {
  percent: number;
  tone: MeterTone;
  /** Where something happens, in the same percent. */
  marks?: readonly number[];
  /** What the bar's whole length stands for. */
  full?: number;
}): ReactNode {
  const at = (value: number) => `${Math.min(100, Math.max(0, (100 * value) / full))}%`;
  return (
    <span aria-hidden className="relative block h-2 w-full">
      <span className="absolute inset-0 overflow-hidden rounded-full bg-unknown-soft">
        <span className={clsx("block h-full rounded-full", paints[tone])} style={{ width: at(percent) }} />
      </span>
      {marks.map((mark) => (
        <span key={mark} className="absolute -top-0.5 h-3 w-px bg-ink-2" style={{ left: at(mark) }} />
      ))}
    </span>
  );
}
