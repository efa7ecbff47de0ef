"use client";
import { parseManifest } from "@agent-factory/manifest";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";
import { getSignInState, subscribeToSignIn } from "../../session/sign-in-state.ts";
import { useTRPC } from "../../trpc/client.tsx";
import type { DraftKey } from "./draft-recovery.ts";
import { answerOf } from "./save-answer.ts";
import type { DraftView } from "./template-view.ts";
import { useAutosave } from "./use-autosave.ts";

/** One open draft: its text, its saving, what is wrong with it, and what others do to it meanwhile. */
export function useDraft(draft: DraftView, key: DraftKey) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [policy, setPolicy] = useState(draft.policy);
  // Told at once when the session has expired, instead of waiting: the page says that nothing is being saved.
  const { mutateAsync } = useMutation(trpc.drafts.save.mutationOptions({ trpc: { context: { signedOut: "fail" } } }));
  const draftId = draft.id;

  const send = useCallback(
    async (expectedRevision: number, source: string) => {
      try {
        const stored = await mutateAsync({ draftId, expectedRevision, source });
        setPolicy(stored.policy);
        return { type: "saved" as const, revision: stored.revision, updatedAt: stored.updatedAt };
      } catch (cause) {
        return answerOf(cause);
      }
    },
    [mutateAsync, draftId],
  );
  const { state, dispatch, settle, change } = useAutosave(key, draft, send);

  useEffect(
    () =>
      subscribeToSignIn(() => {
        if (getSignInState() === "signed-in") dispatch({ type: "save-now" });
      }),
    [dispatch],
  );

  useSubscription(
    trpc.drafts.watch.subscriptionOptions(
      { draftId, lastEventId: String(draft.revision) },
      { onData: ({ data: newer }) => dispatch({ type: "elsewhere", newer }) },
    ),
  );

  /** Takes what is stored now in place of what is shown; keeps what is typed while it is being read. */
  const loadNewest = useCallback(async () => {
    const now = await queries.fetchQuery(trpc.drafts.get.queryOptions({ draftId }, { staleTime: 0 }));
    const { revision, source, updatedByName, updatedAt } = now;
    setPolicy(now.policy);
    // On the screen before the next key: what is typed after this belongs to the new text.
    flushSync(() => dispatch({ type: "newest", theirs: { revision, source, updatedByName, updatedAt } }));
  }, [queries, trpc, draftId, dispatch]);

  // Reading the manifest may take longer than a keystroke: it follows the typing, it does not hold it up.
  const text = useDeferredValue(state.text);
  const parsed = useMemo(() => parseManifest(text), [text]);
  return { state, dispatch, settle, change, policy, parsed, text, loadNewest };
}

export type OpenDraft = ReturnType<typeof useDraft>;
