/** Monaco's colours, read from the design tokens of the page, so that light and dark are decided in one place. */
import type * as MonacoApi from "monaco-editor/editor/editor.api.js";

export const THEME = "agent-factory";

/** Tokens as `#rrggbb`, whatever notation they are written in: Monaco reads hexadecimal only. `share` mixes a token into ink. */
function tokenReader(): (token: string, share?: number) => string {
  const style = getComputedStyle(document.documentElement);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const read = (token: string): number[] => {
    if (!context) return [128, 128, 128];
    context.fillStyle = "#808080";
    context.fillStyle = style.getPropertyValue(`--${token}`).trim();
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const ink = read("ink");
  return (token, share = 1) => {
    const mixed = read(token).map((part, index) => Math.round(part * share + (ink[index] ?? 0) * (1 - share)));
    return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
}

function defineTheme(monaco: typeof MonacoApi): void {
  const colour = tokenReader();
  const rule = (token: string, foreground: string, share = 1): MonacoApi.editor.ITokenThemeRule => ({
    token,
    foreground: colour(foreground, share).slice(1),
  });
  // The chart colour of figures is too light for text on a light surface: some ink in it keeps 4.5:1.
  const figure = 0.7;
  const dark = Number.parseInt(colour("surface").slice(1, 3), 16) < 128;
  monaco.editor.defineTheme(THEME, {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      rule("", "ink"),
      rule("plain", "ink"),
      rule("type", "accent"),
      rule("string", "healthy"),
      rule("string.yaml", "healthy"),
      rule("string.key.json", "accent"),
      rule("string.value.json", "healthy"),
      rule("number", "canary", figure),
      rule("keyword", "canary", figure),
      rule("keyword.json", "canary", figure),
      rule("keyword.js", "accent"),
      rule("comment", "ink-2"),
      rule("operators", "ink-2"),
      rule("delimiter", "ink-2"),
      rule("tag", "warning", figure),
      rule("namespace", "warning", figure),
      rule("regexp", "warning", figure),
    ],
    colors: {
      "editor.background": colour("surface"),
      "editor.foreground": colour("ink"),
      "editorLineNumber.foreground": colour("ink-2"),
      "editorLineNumber.activeForeground": colour("ink"),
      // The number of a last, empty line: fainter than the others it could not be read.
      "editorLineNumber.dimmedForeground": colour("ink-2"),
      "editor.lineHighlightBackground": colour("hover"),
      "editor.lineHighlightBorder": `${colour("surface")}00`,
      "editor.selectionBackground": `${colour("accent")}33`,
      "editor.inactiveSelectionBackground": `${colour("accent")}1f`,
      "editorCursor.foreground": colour("accent"),
      "editorIndentGuide.background1": colour("line"),
      "editorIndentGuide.activeBackground1": colour("line-strong"),
      "editorGutter.background": colour("surface"),
      "editorError.foreground": colour("breached"),
      "editorWarning.foreground": colour("warning"),
      "editorWidget.background": colour("surface"),
      "editorWidget.border": colour("line-strong"),
      "editorWidget.foreground": colour("ink"),
      "editorHoverWidget.background": colour("surface"),
      "editorHoverWidget.border": colour("line-strong"),
      "editorSuggestWidget.background": colour("surface"),
      "editorSuggestWidget.border": colour("line-strong"),
      "editorSuggestWidget.selectedBackground": colour("accent-soft"),
      "editorSuggestWidget.selectedForeground": colour("ink"),
      "editorSuggestWidget.highlightForeground": colour("accent"),
      "editorSuggestWidget.focusHighlightForeground": colour("accent"),
      // Brackets are told by their place; six colours of them would say nothing.
      ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((depth) => [`editorBracketHighlight.foreground${depth}`, colour("ink-2")])),
      "editorBracketMatch.background": colour("accent-soft"),
      "editorBracketMatch.border": colour("line-strong"),
      "diffEditor.insertedLineBackground": colour("added-soft"),
      "diffEditor.removedLineBackground": colour("removed-soft"),
      "diffEditor.insertedTextBackground": `${colour("healthy")}2e`,
      "diffEditor.removedTextBackground": `${colour("breached")}2e`,
      "diffEditor.unchangedRegionBackground": colour("sunken"),
      "diffEditor.unchangedRegionForeground": colour("ink-2"),
      "diffEditor.diagonalFill": colour("line"),
      "scrollbarSlider.background": `${colour("ink-3")}40`,
      "scrollbarSlider.hoverBackground": `${colour("ink-3")}66`,
      "scrollbarSlider.activeBackground": `${colour("ink-3")}80`,
      "scrollbar.shadow": `${colour("ink")}14`,
      "input.background": colour("sunken"),
      "input.border": colour("line-strong"),
      "list.hoverBackground": colour("hover"),
      focusBorder: colour("focus"),
    },
  });
  monaco.editor.setTheme(THEME);
}

/** Follows the page's theme for as long as the page lives: there is one Monaco and one theme. */
export function watchTheme(monaco: typeof MonacoApi): void {
  defineTheme(monaco);
  const follow = () => defineTheme(monaco);
  new MutationObserver(follow).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
}
