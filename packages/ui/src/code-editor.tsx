"use client";
/**
 * A code editor (Monaco). The text is readable before Monaco has arrived: until then it stands in the same place as plain
 * text, so nothing moves when the editor takes over.
 *
 * While it is open, Monaco's model is the truth: it tells what is typed, and `value` changes it only where that is another text
 * than those it told (see echoes.ts).
 */
import type * as MonacoApi from "monaco-editor/editor/editor.api.js";
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { createEchoes } from "./echoes.ts";
import { type CodeLanguage, loadMonaco, type Monaco, monacoLanguage } from "./monaco.ts";
import { THEME } from "./monaco-theme.ts";
import { changeBetween, type TextChange } from "./text-change.ts";

export type { CodeLanguage, Monaco } from "./monaco.ts";
export type CodeEditorInstance = MonacoApi.editor.IStandaloneCodeEditor;

/** A place in the text that has something to say. Lines and columns count from 1; the end column is exclusive. */
export type CodeMarker = {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly code?: string;
};

/** Something shown between the lines, below `line`. */
export type LineNote = { readonly key: string; readonly line: number; readonly tone: "error" | "warning"; readonly content: ReactNode };

export type CodeEditorHandle = {
  /** Puts the caret there, scrolls it to the middle and takes the focus. */
  revealAt(line: number, column: number): void;
  focus(): void;
};

export type CodeEditorProps = {
  /** Names the document; two editors with one name show the same text and undo history. */
  readonly name: string;
  readonly language: CodeLanguage;
  /** The text, said back as `onChange` told it, or another one to put in its place. */
  readonly value: string;
  /** What a screen reader calls it. */
  readonly label: string;
  readonly onChange?: (text: string) => void;
  readonly readOnly?: boolean;
  readonly markers?: readonly CodeMarker[];
  readonly notes?: readonly LineNote[];
  readonly lineNumbers?: boolean;
  /** Called once per mounted editor; what it returns runs when the editor goes. */
  readonly onReady?: (monaco: Monaco, editor: CodeEditorInstance) => (() => void) | undefined;
  readonly ref?: Ref<CodeEditorHandle>;
};

const LINE_HEIGHT = 21;
const PADDING = 12;
/** Where Monaco begins a line: four digits of a line's number, ten pixels of decorations and the folding marks' sixteen. */
const NUMBERED_LEFT = 57;

export const codeOptions: MonacoApi.editor.IEditorOptions = {
  fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSize: 13,
  lineHeight: LINE_HEIGHT,
  fontLigatures: false,
  minimap: { enabled: false },
  overviewRulerLanes: 0,
  overviewRulerBorder: false,
  hideCursorInOverviewRuler: true,
  scrollBeyondLastLine: false,
  renderLineHighlightOnlyWhenFocus: true,
  padding: { top: PADDING, bottom: PADDING },
  glyphMargin: false,
  folding: true,
  lineNumbersMinChars: 4,
  fixedOverflowWidgets: true,
  smoothScrolling: false,
  automaticLayout: true,
  stickyScroll: { enabled: false },
  guides: { indentation: false },
  contextmenu: true,
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false, alwaysConsumeMouseWheel: false },
  unicodeHighlight: { ambiguousCharacters: false },
};

export function CodeEditor(props: CodeEditorProps): ReactNode {
  const { name, language, value, label, readOnly = false, lineNumbers = true, ref } = props;
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditorInstance | null>(null);
  const [monaco, setMonaco] = useState<Monaco | null>(null);
  const [failed, setFailed] = useState(false);
  const latest = useRef(props);
  latest.current = props;
  const wanted = useRef<{ line: number; column: number } | null>(null);
  const [echoes] = useState(createEchoes);
  const replacing = useRef(false);

  useEffect(() => {
    let gone = false;
    let dispose = () => {};
    loadMonaco().then(
      (loaded) => {
        if (gone || !place.current) return;
        const made = mountEditor(loaded, place.current, latest.current.label, (text) => {
          const { onChange } = latest.current;
          if (replacing.current || !onChange) return;
          echoes.told(text);
          onChange(text);
        });
        dispose = made.dispose;
        setMonaco(loaded);
        setEditor(made.editor);
      },
      () => {
        if (!gone) setFailed(true);
      },
    );
    return () => {
      gone = true;
      setEditor(null);
      dispose();
    };
  }, [echoes]);

  useLayoutEffect(() => {
    if (!editor || !monaco) return;
    const uri = monaco.Uri.parse(`inmemory://document/${name}`);
    const found = monaco.editor.getModel(uri);
    const model = found ?? monaco.editor.createModel(latest.current.value, monacoLanguage(language), uri);
    monaco.editor.setModelLanguage(model, monacoLanguage(language));
    editor.setModel(model);
    echoes.forget();
    const cleanUp = latest.current.onReady?.(monaco, editor);
    if (wanted.current) reveal(editor, wanted.current);
    wanted.current = null;
    return () => {
      cleanUp?.();
      if (!monaco.editor.getEditors().some((other) => other !== editor && other.getModel() === model)) model.dispose();
    };
  }, [editor, monaco, echoes, name, language]);

  // In the commit, not after it: a key pressed in between would be typed into the text that is about to go.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new document (`name`) has a new model to bring up to date
  useLayoutEffect(() => {
    const model = editor?.getModel();
    if (!editor || !model || echoes.isEcho(value)) return;
    replacing.current = true;
    replaceText(editor, model, value);
    replacing.current = false;
  }, [editor, echoes, value, name]);

  useEffect(() => {
    editor?.updateOptions({
      readOnly,
      domReadOnly: readOnly,
      ariaLabel: label,
      lineNumbers: lineNumbers ? "on" : "off",
      lineDecorationsWidth: lineNumbers ? 10 : PADDING,
      folding: lineNumbers,
    });
  }, [editor, readOnly, label, lineNumbers]);

  const { markers } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: markers belong to the model, and `name` changes the model
  useEffect(() => {
    const model = editor?.getModel();
    if (!model || !monaco) return;
    monaco.editor.setModelMarkers(
      model,
      "document",
      (markers ?? []).map((marker) => ({
        startLineNumber: marker.line,
        startColumn: marker.column,
        endLineNumber: marker.endLine,
        endColumn: marker.endColumn,
        message: marker.message,
        severity: severityOf(monaco, marker.severity),
        ...(marker.code === undefined ? {} : { code: marker.code }),
      })),
    );
  }, [editor, monaco, markers, name]);

  useImperativeHandle(
    ref,
    () => ({
      revealAt(line, column) {
        if (editor?.getModel()) reveal(editor, { line, column });
        else wanted.current = { line, column };
      },
      focus: () => editor?.focus(),
    }),
    [editor],
  );

  return (
    <div className="relative h-full min-h-0 w-full" data-code-editor={editor ? "ready" : failed ? "failed" : "loading"}>
      {editor ? null : <PlainText {...props} failed={failed} />}
      <div ref={place} className="absolute inset-0" hidden={failed} />
      {editor && props.notes?.map((note) => <NoteBelow key={note.key} editor={editor} note={note} document={name} />)}
    </div>
  );
}

/** The same text, before Monaco and in case it never comes: then it can still be edited. */
function PlainText({ value, label, readOnly, onChange, lineNumbers = true, failed }: CodeEditorProps & { failed: boolean }): ReactNode {
  const style = {
    fontSize: 13,
    lineHeight: `${LINE_HEIGHT}px`,
    padding: `${PADDING}px ${PADDING}px ${PADDING}px ${lineNumbers ? NUMBERED_LEFT : PADDING}px`,
  };
  if (failed && !readOnly && onChange) {
    return (
      <textarea
        aria-label={label}
        className="absolute inset-0 resize-none bg-surface font-mono text-ink"
        style={style}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <pre className="absolute inset-0 overflow-hidden font-mono text-ink" style={{ ...style, margin: 0 }} aria-busy={!failed}>
      {value.slice(0, 20_000)}
    </pre>
  );
}

/** An edit, not a new model: what stood there before can be had back by undo, and the caret stays where it was. */
function replaceText(editor: CodeEditorInstance, model: MonacoApi.editor.ITextModel, text: string): void {
  const change = changeBetween(model.getValue(), text);
  if (!change) return;
  const range = rangeBetween(model, change);
  model.pushStackElement();
  model.pushEditOperations(editor.getSelections(), [{ range, text: change.text }], () => null);
  model.pushStackElement();
}

function mountEditor(monaco: Monaco, place: HTMLElement, label: string, onText: (text: string) => void) {
  const editor = monaco.editor.create(place, {
    ...codeOptions,
    theme: THEME,
    model: null,
    tabSize: 2,
    insertSpaces: true,
    ariaLabel: label,
  });
  const listening = [editor.onDidChangeModelContent(() => onText(editor.getValue())), keepCaretInSight(editor)];
  return {
    editor,
    dispose() {
      for (const one of listening) one.dispose();
      editor.dispose();
    },
  };
}

/** What opens below an editor takes room from it: the line one is at stays in sight. */
function keepCaretInSight(editor: CodeEditorInstance): MonacoApi.IDisposable {
  let { height } = editor.getLayoutInfo();
  return editor.onDidLayoutChange((now) => {
    // Behind another tab it has no height, and nothing to keep.
    if (now.height < LINE_HEIGHT) return;
    const before = height;
    height = now.height;
    const caret = editor.getPosition();
    if (!caret || now.height >= before) return;
    const top = editor.getTopForLineNumber(caret.lineNumber) - editor.getScrollTop();
    if (top >= 0 && top < before) editor.revealLine(caret.lineNumber);
  });
}

/** A change's place in a document. */
export function rangeBetween(model: MonacoApi.editor.ITextModel, { from, to }: TextChange): MonacoApi.IRange {
  const [start, end] = [model.getPositionAt(from), model.getPositionAt(to)];
  return { startLineNumber: start.lineNumber, startColumn: start.column, endLineNumber: end.lineNumber, endColumn: end.column };
}

function reveal(editor: CodeEditorInstance, at: { line: number; column: number }): void {
  const position = { lineNumber: at.line, column: at.column };
  editor.setPosition(position);
  editor.revealPositionInCenter(position);
  editor.focus();
}

function severityOf(monaco: Monaco, severity: CodeMarker["severity"]): MonacoApi.MarkerSeverity {
  if (severity === "error") return monaco.MarkerSeverity.Error;
  return severity === "warning" ? monaco.MarkerSeverity.Warning : monaco.MarkerSeverity.Info;
}

/** Keeps a view zone as tall as what it shows, and tints the line above it. */
function NoteBelow({ editor, note, document: name }: { editor: CodeEditorInstance; note: LineNote; document: string }): ReactNode {
  const [node, setNode] = useState<HTMLDivElement | null>(null);
  const { line, tone } = note;
  // biome-ignore lint/correctness/useExhaustiveDependencies: zones belong to the model, and `name` changes the model
  useEffect(() => {
    const outer = document.createElement("div");
    const inner = document.createElement("div");
    // Monaco paints lines above zones' pointer area; the note has links and must be reachable.
    outer.style.zIndex = "1";
    inner.style.paddingBlock = "4px";
    outer.append(inner);
    const zone: MonacoApi.editor.IViewZone = { afterLineNumber: line, heightInPx: 0, domNode: outer, suppressMouseDown: true };
    let id = "";
    editor.changeViewZones((zones) => {
      id = zones.addZone(zone);
    });
    const marks = editor.createDecorationsCollection([
      {
        range: { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 },
        options: { isWholeLine: true, className: tone === "error" ? "bg-breached-soft" : "bg-warning-soft" },
      },
    ]);
    const measure = new ResizeObserver(() => {
      const heightInPx = inner.offsetHeight;
      if (heightInPx === zone.heightInPx) return;
      zone.heightInPx = heightInPx;
      editor.changeViewZones((zones) => zones.layoutZone(id));
    });
    measure.observe(inner);
    setNode(inner);
    return () => {
      measure.disconnect();
      marks.clear();
      editor.changeViewZones((zones) => zones.removeZone(id));
      setNode(null);
    };
  }, [editor, line, tone, name]);
  return node ? createPortal(note.content, node) : null;
}
