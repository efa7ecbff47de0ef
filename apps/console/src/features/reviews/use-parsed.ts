"use client";
import { type ParsedManifest, parseManifest } from "@agent-factory/manifest";
import { useDeferredValue, useMemo } from "react";

/** Reading a text of this size takes a few milliseconds; a longer one is read after its lines are on the screen. */
const AT_ONCE_LENGTH_MAX = 40_000;

/** A manifest as data with its places; null while a long one is being read. */
export function useParsed(content: string): ParsedManifest | null {
  const later = useDeferredValue<string | null>(content, null);
  const text = content.length <= AT_ONCE_LENGTH_MAX ? content : later;
  return useMemo(() => (text === null ? null : parseManifest(text)), [text]);
}
