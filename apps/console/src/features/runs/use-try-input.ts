"use client";
import { useEffect, useState } from "react";
import { type InputKey, type KeptInput, listInputs, rememberInput } from "./input-memory.ts";
import { emptyInput, type TryInput } from "./try-input.ts";

/** The input on the page: the last one this template was tried with, until another is chosen. */
export function useTryInput(key: InputKey) {
  const [input, setInput] = useState<TryInput>(emptyInput);
  const [recent, setRecent] = useState<readonly KeptInput[]>([]);
  const { tenant, user, template } = key;
  useEffect(() => {
    let gone = false;
    void listInputs({ tenant, user, template }).then((kept) => {
      if (gone) return;
      setRecent(kept);
      const last = kept[0];
      // Only while nothing else was typed or loaded meanwhile.
      if (last) setInput((now) => (now === emptyInput ? { name: last.name, text: last.text, sizeBytes: last.sizeBytes } : now));
    });
    return () => {
      gone = true;
    };
  }, [tenant, user, template]);
  const remember = (used: TryInput) => {
    void rememberInput(key, { ...used, usedAt: new Date().toISOString() }).then(setRecent);
  };
  return { input, setInput, recent, remember };
}
