/**
 * Where a text stops being JSON (RFC 8259). The engine's parser is faster but often does not say where; this one is asked
 * only once the engine has refused the text. Pure; one pass, no recursion.
 */

const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows none of them in a string
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y;

type Expected = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "next" | "nothing";

/** Line and column (from 1) of the first character that cannot stand where it stands; null when the text is JSON. */
export function findJsonFault(text: string): { line: number; column: number } | null {
  const groups: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    const start = at + (/^[\t\n\r ]*/.exec(text.slice(at, at + 100_000))?.[0].length ?? 0);
    if (start >= text.length) break;
    if (!match) return placeAt(text, start);
    const next = after(expected, match, groups);
    if (next === null) return placeAt(text, start);
    expected = next;
    at = token.lastIndex;
  }
  return expected === "nothing" ? null : placeAt(text, text.trimEnd().length);
}

/** What may follow, or null when `match` may not stand here. Opens and closes groups. */
function after(expected: Expected, [, sign, string]: RegExpExecArray, groups: ("{" | "[")[]): Expected | null {
  const done = (): Expected => (groups.length === 0 ? "nothing" : "next");
  const open = groups.at(-1);
  if (expected === "colon") return sign === ":" ? "value" : null;
  if (
    (sign === "}" && open === "{" && (expected === "next" || expected === "key-or-end")) ||
    (sign === "]" && open === "[" && (expected === "next" || expected === "value-or-end"))
  ) {
    groups.pop();
    return done();
  }
  if (expected === "next") return sign === "," ? (open === "{" ? "key" : "value") : null;
  if (expected === "key" || expected === "key-or-end") return string === undefined ? null : "colon";
  if (expected === "nothing") return null;
  if (sign === "{" || sign === "[") {
    groups.push(sign);
    return sign === "{" ? "key-or-end" : "value-or-end";
  }
  return sign === undefined ? done() : null;
}

function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
