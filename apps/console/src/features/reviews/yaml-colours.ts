/** Which words of a manifest are keys, texts, figures or remarks, for their colours alone: a mistake here misleads nobody. Pure. */
import type { Span } from "./line-diff.ts";

export type Colour = "key" | "text" | "figure" | "comment" | "mark";
export type Coloured = Span & { readonly colour: Colour };

const KEY = /^(\s*(?:- +)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'[\]{},&*!|>%@`-][^#:]*?|-[^\s#:][^#:]*?)(\s*:)(?=\s|$)/;
const BLOCK = /(?:^|[:-]\s+|\s)[|>][+-]?[1-9]?[+-]?\s*(?:#.*)?$/;
/** In order: remark, quoted text (with the colon that makes it a key), key inside braces, figure or word of the language, marks. */
const WORD =
  /(?<comment>(?:^|(?<=\s))#.*$)|(?<quoted>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?<colon>\s*:(?=\s|$|[,[{"]))?|(?<key>[A-Za-z_][\w.-]*)(?=\s*:(?:\s|$))|(?<![\w.-])(?<figure>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|~)(?![\w.:/-])|(?<mark>[{}[\],])|[^\s"'#{}[\],]+/g;

/** Colours of each line; what has none is plain. */
export function colourLines(lines: readonly string[]): Coloured[][] {
  let block: number | null = null;
  return lines.map((line) => {
    const indent = line.search(/\S/);
    if (block !== null && (indent === -1 || indent > block))
      return indent === -1 ? [] : [{ from: indent, to: line.length, colour: "text" }];
    block = BLOCK.test(line) && !line.trimStart().startsWith("#") ? blockIndent(line) : null;
    return colourLine(line);
  });
}

/** What stands under `- key: |` is indented more than the key, which counts from behind the dash. */
function blockIndent(line: string): number {
  const dashes = /^\s*(?:- +)*/.exec(line)?.[0].length ?? 0;
  return KEY.test(line) ? dashes : line.search(/\S/);
}

function colourLine(line: string): Coloured[] {
  const found: Coloured[] = [];
  let at = 0;
  const key = KEY.exec(line);
  if (key) {
    const from = key[1]?.length ?? 0;
    at = from + (key[2]?.length ?? 0);
    found.push({ from, to: at, colour: "key" });
  }
  for (const match of line.slice(at).matchAll(WORD)) {
    const from = at + match.index;
    const groups = match.groups ?? {};
    const add = (colour: Colour, text: string | undefined) => found.push({ from, to: from + (text?.length ?? 0), colour });
    if (groups["comment"] !== undefined) add("comment", groups["comment"]);
    else if (groups["quoted"] !== undefined) add(groups["colon"] === undefined ? "text" : "key", groups["quoted"]);
    else if (groups["key"] !== undefined) add("key", groups["key"]);
    else if (groups["figure"] !== undefined) add("figure", groups["figure"]);
    else if (groups["mark"] !== undefined) add("mark", groups["mark"]);
  }
  return found;
}
