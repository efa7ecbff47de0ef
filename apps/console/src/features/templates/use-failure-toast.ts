"use client";
import { toast } from "@agent-factory/ui/toast";
import { useCallback } from "react";
import { useReadFailure } from "../../i18n/failures.ts";

/** For what fails in passing: says what happened, and the way out, without taking the page's place. */
export function useFailureToast(): (error: unknown) => void {
  const read = useReadFailure();
  return useCallback(
    (error) => {
      const failure = read(error);
      if (!failure.signedOut) toast.error(failure.sentence, { description: failure.wayOut });
    },
    [read],
  );
}
