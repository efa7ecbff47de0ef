"use client";
/** Two texts side by side or as one (Monaco's diff editor), read only, unchanged regions folded. */
import type * as MonacoApi from "monaco-editor/editor/editor.api.js";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { codeOptions, rangeBetween } from "./code-editor.tsx";
import { type CodeLanguage, loadMonaco, monacoLanguage } from "./monaco.ts";
import { THEME } from "./monaco-theme.ts";
import { changeBetween } from "./text-change.ts";

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
  const texts = useRef({ before, after });
  texts.current = { before, after };

  useEffect(() => {
    let gone = false;
    let dispose = () => {};
    void loadMonaco().then(
      (monaco) => {
        if (gone || !place.current) return;
        // With their texts from the start: Monaco folds what is unchanged in the first difference it computes.
        const original = monaco.editor.createModel(texts.current.before, monacoLanguage(language));
        const modified = monaco.editor.createModel(texts.current.after, monacoLanguage(language));
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
    for (const [document, text] of [
      [model.original, before],
      [model.modified, after],
    ] as const) {
      // As an edit: what is folded stays so.
      const change = changeBetween(document.getValue(), text);
      if (change) document.applyEdits([{ range: rangeBetween(document, change), text: change.text }]);
    }
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
