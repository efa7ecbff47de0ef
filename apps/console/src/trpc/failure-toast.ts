"use client";
import { toast } from "@agent-factory/ui/toast";
import { useCallback } from "react";
import { loadFailureSentences, readFailure } from "../i18n/failures.ts";
import { useLocale } from "../i18n/i18n.tsx";

/**
 * For what fails in passing: says what happened, and the way out, without taking the page's place. `title` says what did not
 * happen. Nothing is said of an expired session: its dialog does.
 */
export function useFailureToast(title?: string): (error: unknown) => void {
  const locale = useLocale();
  return useCallback(
    (error) => {
      void loadFailureSentences().then((sentences) => {
        const { sentence, wayOut, signedOut } = readFailure(sentences, locale, error);
        if (signedOut) return;
        if (title === undefined) toast.error(sentence, { description: wayOut });
        else toast.error(title, { description: `${sentence} ${wayOut}`.trim() });
      });
    },
    [locale, title],
  );
}
