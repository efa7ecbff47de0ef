"use client";
/**
 * Words somebody is writing, kept for as long as the tab lives: they survive going elsewhere, a reload and an expired session.
 * Fail-open: where the browser keeps nothing, they live with the page.
 */
import { useCallback, useEffect, useState } from "react";

const PREFIX = "agent-factory.words.";

/** Whose words, about what: a shared machine shows nobody another person's. */
export type WordsKey = { readonly tenant: string; readonly user: string; readonly place: string };

export function keptWords(storage: Pick<Storage, "getItem">, key: WordsKey): string {
  try {
    return storage.getItem(nameOf(key)) ?? "";
  } catch {
    return "";
  }
}

export function keepWords(storage: Pick<Storage, "setItem" | "removeItem">, key: WordsKey, words: string): void {
  try {
    if (words.trim() === "") storage.removeItem(nameOf(key));
    else storage.setItem(nameOf(key), words);
  } catch {
    // They stay on the page.
  }
}

/** Places below `place` where words wait: the forms that were open when the page was left. */
export function keptPlaces(storage: Pick<Storage, "key" | "length">, key: WordsKey): string[] {
  const start = nameOf(key);
  try {
    return Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "")
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length));
  } catch {
    return [];
  }
}

function nameOf({ tenant, user, place }: WordsKey): string {
  return `${PREFIX}${tenant}.${user}.${place}`;
}

/** `initial`: what the box begins with when nothing is kept. The server knows nothing of what is kept: it comes right after the first paint. */
export function useKeptWords(key: WordsKey, initial = ""): readonly [string, (words: string) => void] {
  const { tenant, user, place } = key;
  const [words, setWords] = useState(initial);
  useEffect(() => {
    const kept = keptWords(sessionStorage, { tenant, user, place });
    if (kept !== "") setWords(kept);
  }, [tenant, user, place]);
  const write = useCallback(
    (next: string) => {
      setWords(next);
      keepWords(sessionStorage, { tenant, user, place }, next === initial ? "" : next);
    },
    [tenant, user, place, initial],
  );
  return [words, write];
}
