/** A plain sentence in the two languages of the product. */
export type Sentence = { readonly en: string; readonly fr: string };

/** A piece of the source text. Lines and columns count from 1; the end is exclusive. */
export type Range = { readonly line: number; readonly column: number; readonly endLine: number; readonly endColumn: number };

/**
 * Something wrong with a manifest, where it stands. `pointer` is a JSON pointer (RFC 6901) into the parsed data; it is empty
 * when the fault is in the text itself. `code` is stable: `yaml.*` the text, `manifest.*` the shape, `schema.*` the JSON
 * Schemas inside it.
 */
export type Diagnostic = Range & {
  readonly pointer: string;
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: Sentence;
};

/** Something wrong at a place in the data, before it has a place in the text. */
export type Problem = {
  readonly path: readonly PropertyKey[];
  readonly part?: "key";
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: Sentence;
};

/** More than this many faults in one document help nobody. */
export const DIAGNOSTICS_MAX = 100;

/** RFC 6901. `["spec", "a/b", 0]` is `/spec/a~1b/0`. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The steps of a JSON pointer; array positions stay text. */
export function stepsOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What a person would call the place: `spec.limits.timeout`, `spec.tools[0].name`; empty for the whole document. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) =>
      typeof step === "number" || /^\d+$/.test(String(step)) ? `[${String(step)}]` : at === 0 ? String(step) : `.${String(step)}`,
    )
    .join("");
}

/** Text from a document, short enough for a sentence. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`;
}

/**
 * The candidate most like `word`, or null when none is near enough to be what was meant (a third of its letters may differ).
 * Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment).
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: { candidate: string; distance: number } | null = null;
  if (word.length > 80) return null;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.max(1, Math.ceil(Math.max(word.length, candidate.length) / 3)) && (best === null || distance < best.distance))
      best = { candidate, distance };
  }
  return best?.candidate ?? null;
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + change);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
