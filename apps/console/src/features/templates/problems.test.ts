import type { Diagnostic } from "@agent-factory/manifest/diagnostic";
import { describe, expect, test } from "vitest";
import { listProblems, newestMarks, type ProblemSources } from "./problems.ts";

const at = (line: number, column = 1, endLine = line, endColumn = column + 5) => ({ line, column, endLine, endColumn });
const diagnostic = (line: number, code = "manifest.unknown-key"): Diagnostic => ({
  ...at(line),
  pointer: "",
  severity: "error",
  code,
  message: { en: "Unknown key.", fr: "Clé inconnue." },
});
const nothing: ProblemSources = { diagnostics: [], policy: [], schema: [], locate: () => at(1), language: "en" };

describe("problems of a manifest", () => {
  test("come in reading order, errors before warnings in one place", () => {
    const problems = listProblems({
      ...nothing,
      diagnostics: [diagnostic(9), { ...diagnostic(2), severity: "warning", code: "manifest.b" }, { ...diagnostic(2), code: "manifest.a" }],
    });
    expect(problems.map((problem) => [problem.line, problem.code])).toEqual([
      [2, "manifest.a"],
      [2, "manifest.b"],
      [9, "manifest.unknown-key"],
    ]);
  });

  test("schema marks that are read again are the same marks, so that nothing is shown anew", () => {
    const mark = { ...at(3), severity: "error" as const, message: "Unexpected." };
    const known = [mark];
    expect(newestMarks(known, [{ ...mark }])).toBe(known);
    expect(newestMarks(known, [])).toEqual([]);
  });

  test("speak the reader's language", () => {
    expect(listProblems({ ...nothing, diagnostics: [diagnostic(1)], language: "fr" })[0]?.message).toBe("Clé inconnue.");
  });

  test("a policy finding stands at the line its pointer lies on, with its rule", () => {
    const [problem] = listProblems({
      ...nothing,
      policy: [
        { rule: "egress.no-wildcard", pointer: "/spec/sandbox", severity: "error", message: { en: "A wildcard.", fr: "Un joker." } },
      ],
      locate: (pointer) => (pointer === "/spec/sandbox" ? at(16, 12) : at(1)),
    });
    expect(problem).toMatchObject({ line: 16, column: 12, source: "policy", code: "egress.no-wildcard" });
  });

  test("one fault is one problem: the schema service is not heard where our own sentence stands", () => {
    const problems = listProblems({
      ...nothing,
      diagnostics: [diagnostic(4)],
      schema: [
        { ...at(4, 3), severity: "warning", message: "Property x is not allowed." },
        { ...at(7), severity: "warning", message: "Incorrect type." },
      ],
    });
    expect(problems.map((problem) => [problem.source, problem.line])).toEqual([
      ["manifest", 4],
      ["schema", 7],
    ]);
  });

  test("a text that cannot be read is one problem, not twenty", () => {
    const problems = listProblems({
      ...nothing,
      diagnostics: [diagnostic(4, "yaml.syntax")],
      schema: [9, 10, 11].map((line) => ({ ...at(line), severity: "error" as const, message: "Missing property." })),
    });
    expect(problems).toHaveLength(1);
  });

  test("two problems of one kind in one place keep different keys", () => {
    const problems = listProblems({ ...nothing, diagnostics: [diagnostic(4), diagnostic(4)] });
    expect(new Set(problems.map((problem) => problem.key)).size).toBe(2);
  });
});
