/**
 * What is wrong with a manifest, from three sources (our own parser, the policy, the YAML schema service), as one list a
 * person can walk through. Pure.
 */
import type { Diagnostic, Range, Sentence } from "@agent-factory/manifest/diagnostic";

/** A verdict of the template policy, on a place in the parsed data. */
export type PolicyFinding = {
  readonly rule: string;
  readonly pointer: string;
  readonly severity: "error" | "warning";
  readonly message: Sentence;
};

export type Problem = Range & {
  readonly key: string;
  readonly source: "manifest" | "policy" | "schema";
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
};

/** A marker of the YAML schema service, in our coordinates. */
export type SchemaMark = Range & { readonly severity: "error" | "warning"; readonly message: string };

/**
 * The marks to keep: the ones at hand when nothing changed. Showing a problem makes Monaco tell that marks changed, which are
 * then read again: new marks for the same ones would go round for ever.
 */
export function newestMarks(known: readonly SchemaMark[], read: readonly SchemaMark[]): readonly SchemaMark[] {
  return JSON.stringify(known) === JSON.stringify(read) ? known : read;
}

export type ProblemSources = {
  readonly diagnostics: readonly Diagnostic[];
  readonly policy: readonly PolicyFinding[];
  readonly schema: readonly SchemaMark[];
  /** Where a JSON pointer lies in the text on the screen. */
  readonly locate: (pointer: string) => Range;
  readonly language: "en" | "fr";
};

/** In reading order. A schema mark is left out where our own sentence already stands: one fault, one problem. */
export function listProblems({ diagnostics, policy, schema, locate, language }: ProblemSources): Problem[] {
  const ours = [
    ...diagnostics.map(
      (found): Omit<Problem, "key"> => ({
        ...rangeOf(found),
        source: "manifest",
        severity: found.severity,
        code: found.code,
        message: found.message[language],
      }),
    ),
    ...policy.map(
      (found): Omit<Problem, "key"> => ({
        ...rangeOf(locate(found.pointer)),
        source: "policy",
        severity: found.severity,
        code: found.rule,
        message: found.message[language],
      }),
    ),
  ];
  const theirs = schema
    .filter((mark) => !isSaidBy(diagnostics, mark))
    .map(
      (mark): Omit<Problem, "key"> => ({
        ...rangeOf(mark),
        source: "schema",
        severity: mark.severity,
        code: "schema",
        message: mark.message,
      }),
    );
  const seen = new Map<string, number>();
  return [...ours, ...theirs]
    .sort((a, b) => a.line - b.line || a.column - b.column || weight(a) - weight(b))
    .map((problem) => {
      const name = `${problem.source}:${problem.code}:${problem.line}:${problem.column}`;
      const again = seen.get(name) ?? 0;
      seen.set(name, again + 1);
      return { ...problem, key: again === 0 ? name : `${name}#${again}` };
    });
}

/**
 * True when one of our diagnostics already says what the mark says: it is in the same place, or the text cannot be read at
 * all, when the schema service's guesses about the rest are noise.
 */
export function isSaidBy(diagnostics: readonly Diagnostic[], mark: Range): boolean {
  return diagnostics.some((found) => found.code.startsWith("yaml.") || touches(found, mark));
}

function touches(a: Range, b: Range): boolean {
  // The two report a missing key at the key above or at its value: the line is what both agree on.
  return a.line <= b.endLine && b.line <= a.endLine && (a.line === b.line || a.endLine === b.endLine);
}

function rangeOf({ line, column, endLine, endColumn }: Range): Range {
  return { line, column, endLine, endColumn };
}

function weight(problem: Omit<Problem, "key">): number {
  return problem.severity === "error" ? 0 : 1;
}
