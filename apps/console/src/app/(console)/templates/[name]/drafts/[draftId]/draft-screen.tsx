"use client";
import { type ReactNode, useCallback } from "react";
import { RequestReview } from "../../../../../../features/reviews/request-review.tsx";
import { TryPane } from "../../../../../../features/runs/try-pane.tsx";
import { DraftEditor } from "../../../../../../features/templates/draft-editor.tsx";
import { useAddress } from "../../../../../../session/use-address.ts";

/** The editor of a draft with *Try it* beside it and *Ask for review*: three features meet here. The try that is shown stands in the address. */
export function DraftScreen({ name, draftId }: { name: string; draftId: string }): ReactNode {
  const address = useAddress();
  const show = useCallback((runId: string) => address.set("run", runId), [address]);
  return (
    <DraftEditor
      name={name}
      draftId={draftId}
      renderTry={(props) => <TryPane {...props} runId={address.get("run")} onRunId={show} />}
      renderReview={(props) => <RequestReview {...props} />}
    />
  );
}
