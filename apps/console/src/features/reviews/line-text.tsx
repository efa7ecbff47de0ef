import { memo, type ReactNode } from "react";
import type { Span } from "./line-diff.ts";
import type { Colour, Coloured } from "./yaml-colours.ts";

const inks: Record<Colour, string> = {
  key: "text-accent",
  text: "text-healthy",
  figure: "text-[color-mix(in_oklab,var(--canary)_70%,var(--ink))]",
  comment: "text-ink-2",
  mark: "text-ink-2",
};

/** One line of a manifest in its colours, with what changed in it marked. */
export const LineText = memo(function LineText({
  text,
  colours,
  marks,
  tone,
}: {
  text: string;
  colours: readonly Coloured[];
  marks: readonly Span[];
  tone: "added" | "removed";
}): ReactNode {
  if (text === "") return "\u200b";
  const markLook = tone === "added" ? "bg-healthy/20" : "bg-breached/20";
  return pieces(text, colours, marks).map(({ from, to, colour, marked }) => {
    const look = `${colour === null ? "" : inks[colour]} ${marked ? `rounded-[2px] ${markLook}` : ""}`.trim();
    return look === "" ? (
      text.slice(from, to)
    ) : (
      <span key={from} className={look}>
        {text.slice(from, to)}
      </span>
    );
  });
});

type Piece = Span & { readonly colour: Colour | null; readonly marked: boolean };

/** The line cut wherever its colour or its mark begins or ends. */
function pieces(text: string, colours: readonly Coloured[], marks: readonly Span[]): Piece[] {
  const cuts = new Set([0, text.length]);
  for (const { from, to } of [...colours, ...marks]) cuts.add(from).add(Math.min(to, text.length));
  const sorted = [...cuts].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, at) => ({
    from,
    to: sorted[at + 1] ?? text.length,
    colour: colours.find((span) => span.from <= from && from < span.to)?.colour ?? null,
    marked: marks.some((span) => span.from <= from && from < span.to),
  }));
}
