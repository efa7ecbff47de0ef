import type { ReactNode } from "react";

/** What a person wrote: paragraphs as typed, quoted lines set off, and `code` in its own letters. */
export function Words({ text }: { text: string }): ReactNode {
  return (
    <div className="flex flex-col gap-1 [overflow-wrap:anywhere]">
      {blocksOf(text).map(({ quoted, text: block }, at) =>
        quoted ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one text have no other identity
          <blockquote key={at} className="border-l-2 border-line-strong pl-2.5 font-mono text-sm whitespace-pre-wrap text-ink-2">
            {block}
          </blockquote>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <p key={at} className="whitespace-pre-wrap">
            {withCode(block)}
          </p>
        ),
      )}
    </div>
  );
}

function blocksOf(text: string): { quoted: boolean; text: string }[] {
  const blocks: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const quoted = line.startsWith(">");
    const words = quoted ? line.replace(/^> ?/, "") : line;
    const last = blocks.at(-1);
    if (last?.quoted === quoted) last.lines.push(words);
    else blocks.push({ quoted, lines: [words] });
  }
  return blocks.map(({ quoted, lines }) => ({ quoted, text: lines.join("\n").trim() })).filter((block) => block.text !== "");
}

function withCode(text: string): ReactNode {
  return text.split(/(`[^`\n]+`)/).map((part, at) =>
    /^`[^`\n]+`$/.test(part) ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other identity
      <code key={at} className="rounded-[3px] bg-sunken px-1 text-[0.95em]">
        {part.slice(1, -1)}
      </code>
    ) : (
      part
    ),
  );
}
