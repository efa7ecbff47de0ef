/**
 * Monaco, loaded once and only when an editor is on the page: its core, the three languages we show, workers served from our
 * own origin, and themes made from our tokens. No request leaves the origin and nothing needs `unsafe-eval`.
 */
import type * as MonacoApi from "monaco-editor/editor/editor.api.js";
import type { jsonDefaults } from "monaco-editor/languages/features/json/register.js";
import { watchTheme } from "./monaco-theme.ts";

export type Monaco = typeof MonacoApi & { readonly jsonDefaults: typeof jsonDefaults };
export type CodeLanguage = "yaml" | "json" | "javascript" | "plain";

let loading: Promise<Monaco> | null = null;

/** The same Monaco for every caller. Rejects when its code cannot be fetched; the next call tries again. */
export function loadMonaco(): Promise<Monaco> {
  loading ??= load().catch((cause: unknown) => {
    loading = null;
    throw cause;
  });
  return loading;
}

/** Monaco's own name of a language of ours. */
export function monacoLanguage(language: CodeLanguage): string {
  return language === "plain" ? "plaintext" : language;
}

async function load(): Promise<Monaco> {
  // Monaco reads its sentences while its modules load, so the language of the page has to be there before them.
  if (document.documentElement.lang.startsWith("fr")) await import("monaco-editor/nls/lang/fr.js");
  globalThis.MonacoEnvironment = { getWorker: startWorker };
  const [api, json] = await Promise.all([
    import("monaco-editor/editor/editor.api.js"),
    import("monaco-editor/languages/features/json/register.js"),
    import("monaco-editor/features/register.all.js"),
    import("monaco-editor/languages/definitions/javascript/register.js"),
  ]);
  const monaco: Monaco = { ...api, jsonDefaults: json.jsonDefaults };
  await registerYaml(monaco);
  watchTheme(monaco);
  return monaco;
}

function startWorker(_moduleId: string, label: string): Worker {
  if (label === "json")
    return new Worker(new URL("monaco-editor/language/json/json.worker.js", import.meta.url), { type: "module", name: label });
  return new Worker(new URL("monaco-editor/editor/editor.worker.js", import.meta.url), { type: "module", name: label });
}

type Grammar = {
  readonly conf: MonacoApi.languages.LanguageConfiguration;
  readonly language: MonacoApi.languages.IMonarchLanguage & { readonly tokenizer: Readonly<Record<string, readonly unknown[]>> };
};

/**
 * Monaco's YAML grammar paints every scalar as a string. Here plain words stay ink, so that colour tells quoted text, block
 * text and quantities (`30s`, `256Mi`) apart.
 */
async function registerYaml(monaco: Monaco): Promise<void> {
  const { conf, language } = (await import("monaco-editor/languages/definitions/yaml/yaml.js")) as Grammar;
  const plain = { cases: { "@keywords": "keyword", "@default": "plain" } };
  const quantity = /[+-]?\d+(?:\.\d+)?(?:ms|s|m|h|d|k|Ki|Mi|Gi|%)?/;
  const inFlow: MonacoApi.languages.IMonarchLanguageRule[] = [[new RegExp(`${quantity.source}(?=[ \\t]*[,\\]\\}])`), "number"]];
  /** All rules of a state but the last, which takes any other text. */
  const rules = (name: string) => language.tokenizer[name]?.slice(0, -1) ?? [];
  const tokenizer = {
    ...language.tokenizer,
    root: [[new RegExp(`${quantity.source}(?=[ \\t]*(?:#.*)?$)`), "number"], ...rules("root"), [/.+?(?=(\s+#|$))/, plain]],
    object: [...inFlow, ...rules("object"), [/[^},]+/, plain]],
    array: [...inFlow, ...rules("array"), [/[^\],]+/, plain]],
  } as MonacoApi.languages.IMonarchLanguage["tokenizer"];
  monaco.languages.register({ id: "yaml", extensions: [".yaml", ".yml"], aliases: ["YAML"], mimetypes: ["application/x-yaml"] });
  monaco.languages.setLanguageConfiguration("yaml", conf);
  monaco.languages.setMonarchTokensProvider("yaml", { ...language, tokenizer });
}
