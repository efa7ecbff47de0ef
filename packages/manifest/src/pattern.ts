import { quoted, type Sentence } from "./diagnostic.ts";

export const PATTERN_LENGTH_MAX = 300;

/**
 * Why a regular expression of an author may not be used, or null. A pattern runs in our processes on other people's data, so
 * what makes backtracking explode is refused: look-around, back references, and a repetition inside a repetition.
 * Matching is bounded further where it happens (see validate.ts): a long text is not matched at all.
 */
export function patternFault(pattern: string): Sentence | null {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    return {
      en: `A pattern has at most ${PATTERN_LENGTH_MAX} characters.`,
      fr: `Un motif compte au plus ${PATTERN_LENGTH_MAX} caractères.`,
    };
  }
  try {
    new RegExp(pattern, "u");
  } catch {
    return { en: `${quoted(pattern)} is not a regular expression.`, fr: `${quoted(pattern)} n'est pas une expression régulière.` };
  }
  return slowFault(pattern);
}

const lookAround: Sentence = {
  en: "Look-around and back references are not allowed in a pattern.",
  fr: "Les assertions avant et arrière et les références ne sont pas admises dans un motif.",
};
const nested: Sentence = {
  en: "A repetition inside a repetition, such as (a+)+, is not allowed in a pattern: it can take for ever.",
  fr: "Une répétition dans une répétition, comme (a+)+, n'est pas admise dans un motif : elle peut durer sans fin.",
};

/** One pass over a valid pattern. A group that repeats (`*`, `+`, `{…}`) may hold no repetition; `?` repeats nothing. */
function slowFault(pattern: string): Sentence | null {
  const groups: { repeats: boolean }[] = [{ repeats: false }];
  let closed: { repeats: boolean } | null = null;
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") {
      const next = pattern[at + 1] ?? "";
      if (!inClass && (/[1-9]/.test(next) || next === "k")) return lookAround;
      at += 1;
      closed = null;
    } else if (inClass) {
      if (character === "]") inClass = false;
    } else if (character === "[") {
      inClass = true;
      closed = null;
    } else if (character === "(") {
      if (/^\(\?(<?[=!])/.test(pattern.slice(at, at + 4))) return lookAround;
      groups.push({ repeats: false });
      closed = null;
    } else if (character === ")") {
      closed = groups.pop() ?? null;
      const outer = groups.at(-1);
      if (outer && closed?.repeats) outer.repeats = true;
    } else if (character === "*" || character === "+" || character === "{") {
      if (closed?.repeats) return nested;
      const group = groups.at(-1);
      if (group) group.repeats = true;
      if (character === "{") at = pattern.indexOf("}", at);
      closed = null;
    } else if (character !== "?") {
      closed = null;
    }
  }
  return null;
}
