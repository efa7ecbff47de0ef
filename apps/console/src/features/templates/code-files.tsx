"use client";
import { CodeEditor, type CodeEditorHandle, type CodeLanguage } from "@agent-factory/ui/code-editor";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { FileCode } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { templateMessages } from "./messages.ts";

export type CodePlace = { readonly path: string; readonly line?: number; readonly column?: number };

type Props = {
  readonly digest: string | null;
  readonly place: CodePlace | null;
  readonly onPlace: (place: CodePlace) => void;
};

/** The files of a code archive, to read. `place` is what is open, and where in it to look. */
export function CodeFiles({ digest, place, onPlace }: Props): ReactNode {
  const messages = useMessages(templateMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const archive = useQuery(
    trpc.archives.get.queryOptions({ digest: digest ?? "" }, { enabled: digest !== null, staleTime: Number.POSITIVE_INFINITY }),
  );
  if (digest === null) return <p className="p-4 text-ink-2">{messages.noCode}</p>;
  if (archive.isPending) return <Skeleton className="m-4 h-24" />;
  if (archive.isError) return <QueryProblem error={archive.error} retry={() => void archive.refetch()} />;
  const open = place?.path ?? mainFile(archive.data.files.map((file) => file.path));
  return (
    <div className="flex h-full min-h-0 flex-col sm:flex-row">
      <nav
        aria-label={messages.code}
        className="max-h-40 shrink-0 overflow-auto border-b border-line p-2 sm:max-h-none sm:w-52 sm:border-r sm:border-b-0"
      >
        <ul>
          {archive.data.files.map((file) => (
            <li key={file.path}>
              <button
                type="button"
                aria-current={file.path === open}
                onClick={() => onPlace({ path: file.path })}
                className="flex w-full items-center gap-2 rounded-sm px-2 py-1 text-left text-[12px] text-ink-2 hover:bg-hover aria-[current=true]:bg-accent-soft aria-[current=true]:text-ink"
              >
                <FileCode aria-hidden className="size-3.5 shrink-0" />
                <span className="min-w-0 flex-1 truncate font-mono" title={file.path}>
                  {file.path}
                </span>
                <span className="shrink-0 text-[11px] tabular-nums">{format.bytes(file.sizeBytes)}</span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <div className="min-h-[240px] min-w-0 flex-1">
        {open === null ? (
          <p className="p-4 text-ink-2">{messages.chooseFile}</p>
        ) : (
          <CodeFile digest={digest} place={place?.path === open ? place : { path: open }} />
        )}
      </div>
    </div>
  );
}

function CodeFile({ digest, place }: { digest: string; place: CodePlace }): ReactNode {
  const messages = useMessages(templateMessages);
  const trpc = useTRPC();
  const editor = useRef<CodeEditorHandle>(null);
  const file = useQuery(trpc.archives.readFile.queryOptions({ digest, path: place.path }, { staleTime: Number.POSITIVE_INFINITY }));
  const loaded = file.data !== undefined;
  useEffect(() => {
    if (loaded && place.line !== undefined) editor.current?.revealAt(place.line, place.column ?? 1);
  }, [loaded, place]);
  if (file.isPending) return <Skeleton className="m-4 h-24" />;
  if (file.isError) return <QueryProblem error={file.error} retry={() => void file.refetch()} />;
  if (file.data.text === null) return <p className="p-4 text-ink-2">{messages.binaryFile}</p>;
  return (
    <CodeEditor
      ref={editor}
      name={`archive/${digest.slice(7, 19)}/${place.path}`}
      language={languageOf(place.path)}
      label={messages.fileLabel(place.path)}
      value={file.data.text}
      readOnly
    />
  );
}

function languageOf(path: string): CodeLanguage {
  if (/\.(mjs|cjs|js)$/.test(path)) return "javascript";
  if (path.endsWith(".json")) return "json";
  return /\.ya?ml$/.test(path) ? "yaml" : "plain";
}

function mainFile(paths: readonly string[]): string | null {
  return paths.find((path) => path === "index.mjs") ?? paths.find((path) => path.endsWith(".mjs")) ?? paths[0] ?? null;
}
