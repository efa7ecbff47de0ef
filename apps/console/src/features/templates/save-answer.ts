import { readRefusal } from "../../i18n/failures.ts";
import type { SaveAnswer } from "./use-autosave.ts";

/** What a refused or lost save means for the draft. */
export function answerOf(cause: unknown): Exclude<SaveAnswer, { type: "saved" }> {
  const { code, details, retryable, signedOut } = readRefusal(cause);
  if (code === "drafts.stale") {
    const { revision, source, updatedByName, updatedAt } = details;
    if (typeof revision === "number" && typeof source === "string") {
      return {
        type: "stale",
        theirs: { revision, source, updatedByName: String(updatedByName ?? ""), updatedAt: String(updatedAt ?? "") },
      };
    }
  }
  // A refusal stands until the text or somebody's rights change; a lost connection, or a fault of ours, may heal by itself.
  return { type: "failed", failure: { signedOut, retryable: !signedOut && (retryable || code === "console.internal"), cause } };
}
