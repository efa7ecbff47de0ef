"use client";
/** Two texts side by side or as one (Monaco's diff editor), read only, unchanged regions folded. */
import type * as MonacoApi from "monaco-editor/editor/editor.api.js";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { codeOptions } from "./code-editor.tsx";
import { type CodeLanguage, loadMonaco, monacoLanguage } from "./monaco.ts";
import { THEME } from "./monaco-theme.ts";

export type DiffCount = { readonly added: number; readonly removed: number };

export type CodeDiffProps = {
  readonly before: string;
  readonly after: string;
  readonly language: CodeLanguage;
  readonly layout: "split" | "unified";
  readonly beforeLabel: string;
  readonly afterLabel: string;
  /** Called whenever the difference has been computed: lines added and removed. */
  readonly onCount?: (count: DiffCount) => void;
};

export function CodeDiff({ before, after, language, layout, beforeLabel, afterLabel, onCount }: CodeDiffProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<MonacoApi.editor.IStandaloneDiffEditor | null>(null);
  const count = useRef(onCount);
  count.current = onCount;

  useEffect(() => {
    let gone = false;
    let dispose = () => {};
    void loadMonaco().then(
      (monaco) => {
        if (gone || !place.current) return;
        const original = monaco.editor.createModel("", monacoLanguage(language));
        const modified = monaco.editor.createModel("", monacoLanguage(language));
        const made = monaco.editor.createDiffEditor(place.current, {
          ...codeOptions,
          theme: THEME,
          readOnly: true,
          originalEditable: false,
          renderOverviewRuler: false,
          renderMarginRevertIcon: false,
          renderGutterMenu: false,
          useInlineViewWhenSpaceIsLimited: false,
          hideUnchangedRegions: { enabled: true, contextLineCount: 3, minimumLineCount: 3 },
        });
        made.setModel({ original, modified });
        const listening = made.onDidUpdateDiff(() => {
          const changes = made.getLineChanges();
          if (changes) count.current?.(countLines(changes));
        });
        dispose = () => {
          listening.dispose();
          made.dispose();
          original.dispose();
          modified.dispose();
        };
        setEditor(made);
      },
      () => {},
    );
    return () => {
      gone = true;
      setEditor(null);
      dispose();
    };
  }, [language]);

  useEffect(() => {
    const model = editor?.getModel();
    if (!model) return;
    if (model.original.getValue() !== before) model.original.setValue(before);
    if (model.modified.getValue() !== after) model.modified.setValue(after);
  }, [editor, before, after]);

  useEffect(() => {
    editor?.updateOptions({ renderSideBySide: layout === "split" });
    editor?.getOriginalEditor().updateOptions({ ariaLabel: beforeLabel });
    editor?.getModifiedEditor().updateOptions({ ariaLabel: afterLabel });
  }, [editor, layout, beforeLabel, afterLabel]);

  return <div ref={place} className="h-full min-h-0 w-full" data-code-diff={editor ? "ready" : "loading"} />;
}

function countLines(changes: readonly MonacoApi.editor.ILineChange[]): DiffCount {
  let added = 0;
  let removed = 0;
  for (const change of changes) {
    // Monaco says "nothing on this side" with an end line of 0.
    if (change.modifiedEndLineNumber > 0) added += change.modifiedEndLineNumber - change.modifiedStartLineNumber + 1;
    if (change.originalEndLineNumber > 0) removed += change.originalEndLineNumber - change.originalStartLineNumber + 1;
  }
  return { added, removed };
}
