"use client";
import type { Diagnostic } from "@agent-factory/manifest/diagnostic";
import type { SourceDocument } from "@agent-factory/manifest/document";
import { whenIdle } from "@agent-factory/ui/when-idle";
import { startTransition, use, useEffect, useMemo, useState } from "react";

/** Reading a text of this size takes a few milliseconds; a longer one is read after its lines are on the screen. */
const AT_ONCE_LENGTH_MAX = 40_000;

let reader: Promise<typeof import("@agent-factory/manifest/document")> | undefined;

/** What reads YAML is large: the page comes without it, as the server drew it, and is taken over when it is here. */
function loadReader(): NonNullable<typeof reader> {
  reader ??= import("@agent-factory/manifest/document");
  return reader;
}
if (typeof window !== "undefined") void loadReader();

/** A manifest as data with its places; null while a long one is being read. */
export function useParsed(content: string): SourceDocument | null {
  const { readDocument } = use(loadReader());
  const [read, setRead] = useState<{ readonly content: string; readonly document: SourceDocument } | null>(null);
  const long = content.length > AT_ONCE_LENGTH_MAX;
  useEffect(() => {
    if (!long) return;
    return whenIdle(() => startTransition(() => setRead({ content, document: readDocument(content) })));
  }, [content, long, readDocument]);
  const short = useMemo(() => (long ? null : readDocument(content)), [content, long, readDocument]);
  return short ?? (read?.content === content ? read.document : null);
}

const NONE: readonly Diagnostic[] = [];

/** What is wrong with a manifest; the schema that knows is fetched when it is `wanted`, for most manifests have no errors. */
export function useManifestErrors(content: string, wanted: boolean): readonly Diagnostic[] {
  const [errors, setErrors] = useState(NONE);
  useEffect(() => {
    setErrors(NONE);
    if (!wanted) return;
    let gone = false;
    void import("@agent-factory/manifest").then(({ parseManifest }) => {
      if (!gone) setErrors(parseManifest(content).diagnostics.filter(({ severity }) => severity === "error"));
    });
    return () => {
      gone = true;
    };
  }, [content, wanted]);
  return errors;
}
