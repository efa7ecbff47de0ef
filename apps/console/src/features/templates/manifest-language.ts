/**
 * The manifest's language in Monaco: completion, hover and checks from the manifest's own JSON Schema. The schema service
 * (monaco-yaml) runs in a worker of ours; it fetches nothing.
 */
import { manifestJsonSchema } from "@agent-factory/manifest/json-schema";
import type { CodeEditorInstance, Monaco } from "@agent-factory/ui/code-editor";
import { configureMonacoYaml, type JSONSchema } from "monaco-yaml";
import { isSaidBy, type SchemaMark } from "./problems.ts";

/** Documents whose name ends so are manifests. */
export const MANIFEST_FILE = "manifest.yaml";
/** Who monaco-yaml's markers belong to. */
const OWNER = "yaml";

let configured = false;

/** Teaches Monaco the manifest, once a page: monaco-yaml allows one instance. */
export function speakManifest(monaco: Monaco): void {
  if (configured) return;
  configured = true;
  configureMonacoYaml(withYamlWorker(monaco) as unknown as Parameters<typeof configureMonacoYaml>[0], {
    enableSchemaRequest: false,
    hoverSchemaSource: false,
    format: { enable: true, printWidth: 140 },
    schemas: [{ uri: "agentfactory:manifest", fileMatch: [`**/${MANIFEST_FILE}`], schema: manifestJsonSchema() as JSONSchema }],
  });
}

type WorkerRequest = { readonly createData?: unknown; readonly keepIdleModels?: boolean };

/**
 * monaco-yaml asks for its worker by a module id, as Monaco up to 0.52 understood it. Monaco 0.57 takes a worker that has
 * been started: one message wakes it ("ignore"), the next carries its settings.
 */
function withYamlWorker(monaco: Monaco): unknown {
  const createWebWorker = ({ createData, keepIdleModels = false }: WorkerRequest) => {
    const worker = new Worker(new URL("monaco-yaml/yaml.worker.js", import.meta.url), { type: "module", name: "yaml" });
    worker.postMessage("ignore");
    worker.postMessage(createData);
    return monaco.editor.createWebWorker({ worker, keepIdleModels });
  };
  return { ...monaco, editor: { ...monaco.editor, createWebWorker } };
}

/** Reports the schema service's marks of an editor's document whenever they change; returns how to stop. */
export function watchSchemaMarks(monaco: Monaco, editor: CodeEditorInstance, report: (marks: SchemaMark[]) => void): () => void {
  const uri = editor.getModel()?.uri;
  if (!uri) return () => {};
  const read = () => report(monaco.editor.getModelMarkers({ owner: OWNER, resource: uri }).map((marker) => toMark(monaco, marker)));
  const listening = monaco.editor.onDidChangeMarkers((changed) => {
    if (changed.some((other) => other.toString() === uri.toString())) read();
  });
  read();
  return () => listening.dispose();
}

type Marker = ReturnType<Monaco["editor"]["getModelMarkers"]>[number];

function toMark(monaco: Monaco, marker: Marker): SchemaMark {
  return {
    line: marker.startLineNumber,
    column: marker.startColumn,
    endLine: marker.endLineNumber,
    endColumn: marker.endColumn,
    severity: marker.severity === monaco.MarkerSeverity.Error ? "error" : "warning",
    message: marker.message,
  };
}

/** Takes the schema service's squiggles away where our own sentence stands: one fault is underlined and explained once. */
export function hideRepeatedMarks(monaco: Monaco, editor: CodeEditorInstance, diagnostics: Parameters<typeof isSaidBy>[0]): void {
  const model = editor.getModel();
  if (!model) return;
  const markers = monaco.editor.getModelMarkers({ owner: OWNER, resource: model.uri });
  const kept = markers.filter((marker) => !isSaidBy(diagnostics, toMark(monaco, marker)));
  if (kept.length < markers.length) monaco.editor.setModelMarkers(model, OWNER, kept);
}
