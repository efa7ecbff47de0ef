"use client";
import type { ParsedManifest } from "@agent-factory/manifest";
import { CodeEditor, type CodeEditorHandle, type CodeEditorInstance, type LineNote, type Monaco } from "@agent-factory/ui/code-editor";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useMemo, useState } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { hideRepeatedMarks, MANIFEST_FILE, speakManifest, watchSchemaMarks } from "./manifest-language.ts";
import { templateMessages } from "./messages.ts";
import { listProblems, type PolicyFinding, type Problem, type SchemaMark } from "./problems.ts";

type Props = {
  readonly draftId: string;
  readonly text: string;
  readonly parsed: ParsedManifest;
  readonly problems: readonly Problem[];
  readonly readOnly: boolean;
  readonly onChange: (text: string) => void;
  readonly onSchemaMarks: (marks: readonly SchemaMark[]) => void;
  readonly editor: RefObject<CodeEditorHandle | null>;
};

/** The manifest's text with everything that is wrong with it at its line; policy verdicts stand between the lines. */
export function ManifestPane({ draftId, text, parsed, problems, readOnly, onChange, onSchemaMarks, editor }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const [ready, setReady] = useState<{ monaco: Monaco; instance: CodeEditorInstance } | null>(null);

  useEffect(() => {
    if (!ready) return;
    const { monaco, instance } = ready;
    return watchSchemaMarks(monaco, instance, (marks) => {
      hideRepeatedMarks(monaco, instance, parsed.diagnostics);
      onSchemaMarks(marks);
    });
  }, [ready, parsed, onSchemaMarks]);

  const markers = useMemo(
    () =>
      problems
        .filter((problem) => problem.source !== "schema")
        .map(({ message, code, severity, line, column, endLine, endColumn }) => ({
          message,
          code,
          severity,
          line,
          column,
          endLine,
          endColumn,
        })),
    [problems],
  );
  const notes = useMemo(() => problems.filter((problem) => problem.source === "policy").map(policyNote), [problems]);
  return (
    <CodeEditor
      ref={editor}
      name={`draft/${draftId}/${MANIFEST_FILE}`}
      language="yaml"
      label={messages.editorLabel}
      value={text}
      onChange={onChange}
      readOnly={readOnly}
      markers={markers}
      notes={notes}
      onReady={(monaco, instance) => {
        speakManifest(monaco);
        setReady({ monaco, instance });
        return () => setReady(null);
      }}
    />
  );
}

function policyNote(problem: Problem): LineNote {
  const { severity } = problem;
  return {
    key: problem.key,
    line: problem.endLine,
    tone: severity,
    content: (
      <div
        className={`mr-4 rounded-sm border border-l-[3px] border-line-strong bg-surface px-3 py-1.5 font-sans text-md shadow-raised ${severity === "error" ? "border-l-breached" : "border-l-warning"}`}
      >
        <b className="font-semibold text-ink">{problem.message}</b> <code className="text-sm text-ink-3">{problem.code}</code>
      </div>
    ),
  };
}

/** All problems of a draft, for its editor and its list. */
export function useProblems(parsed: ParsedManifest, policy: readonly PolicyFinding[], schema: readonly SchemaMark[]): Problem[] {
  const language = useLocale();
  return useMemo(
    () => listProblems({ diagnostics: parsed.diagnostics, policy, schema, locate: parsed.locate, language }),
    [parsed, policy, schema, language],
  );
}

/** The problems as a list; each leads to its line. */
export function ProblemList({ problems, onOpen }: { problems: readonly Problem[]; onOpen: (problem: Problem) => void }): ReactNode {
  const messages = useMessages(templateMessages);
  return (
    <section aria-label={messages.problems} data-testid="problems" className="h-32 shrink-0 overflow-auto border-t border-line py-1">
      <ul>
        {problems.map((problem) => (
          <li key={problem.key}>
            <button
              type="button"
              onClick={() => onOpen(problem)}
              className="flex w-full items-baseline gap-2 px-4 py-1 text-left hover:bg-hover focus-visible:-outline-offset-2"
            >
              {problem.severity === "error" ? (
                <CircleAlert aria-hidden className="size-3.5 shrink-0 self-center text-breached" />
              ) : (
                <TriangleAlert aria-hidden className="size-3.5 shrink-0 self-center text-warning" />
              )}
              <span className="min-w-0 flex-1">{problem.message}</span>
              {problem.source === "schema" ? null : <code className="hidden text-sm text-ink-3 md:inline">{problem.code}</code>}
              <span className="shrink-0 text-sm text-ink-3">{messages.problemAt(problem.line, problem.column)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
