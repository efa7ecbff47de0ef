"use client";
import { Button } from "@agent-factory/ui/button";
import { Check } from "lucide-react";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import type { DecisionProps } from "./asking.ts";
import { reviewMessages } from "./messages.ts";
import { usePeople } from "./use-people.ts";

const loadDialogs = () => import("./decision-dialogs.tsx");
const ApproveDialog = dynamic(() => loadDialogs().then((loaded) => loaded.ApproveDialog), { ssr: false });
const RejectDialog = dynamic(() => loadDialogs().then((loaded) => loaded.RejectDialog), { ssr: false });
const WithdrawDialog = dynamic(() => loadDialogs().then((loaded) => loaded.WithdrawDialog), { ssr: false });

/** Why the viewer cannot approve or reject now, and who can; undefined when they can. */
export function useWhyNot({ review, changed }: Pick<DecisionProps, "review" | "changed">): {
  approve: string | undefined;
  reject: string | undefined;
} {
  const messages = useMessages(reviewMessages);
  const viewer = useViewer();
  const people = usePeople();
  const { mine, whoCan, revision, head } = review;
  const sentences = {
    contributor: messages.no_contributor(people.whoCan(whoCan)),
    "no-role": messages.no_role(people.whoCan(whoCan)),
    "not-open": messages.no_closed,
    "not-sound": messages.no_notSound,
    already: messages.no_already(revision),
  };
  const approve = mine.approve.reason === null ? undefined : sentences[mine.approve.reason];
  const reject = mine.part === "contributor" ? sentences.contributor : viewer.can("reviews.reject").reason;
  const unread = changed ? messages.no_unread : undefined;
  // A decision names a digest, and a text that is no manifest has none.
  const nothing = head.digest === null ? messages.no_manifest : undefined;
  return { approve: approve ?? unread, reject: reject ?? unread ?? nothing };
}

/** The buttons of an open review, and what each asks before it acts. */
export function Decisions(props: DecisionProps): ReactNode {
  const { review, since, asking, onAsking } = props;
  const messages = useMessages(reviewMessages);
  const viewer = useViewer();
  const why = useWhyNot(props);
  const close = () => onAsking(null);
  return (
    <>
      <Button variant="ghost" onClick={() => onAsking("withdraw")} disabledReason={viewer.can("reviews.withdraw").reason}>
        {messages.withdraw}
      </Button>
      <Button onClick={() => onAsking("reject")} disabledReason={why.reject}>
        {messages.reject}
      </Button>
      <Button variant="primary" onClick={() => onAsking("approve")} disabledReason={why.approve} aria-keyshortcuts="a">
        <Check aria-hidden />
        {since === null ? messages.approveRevision(review.revision) : messages.approveDelta}
      </Button>
      {asking === "approve" ? <ApproveDialog {...props} onClose={close} /> : null}
      {asking === "reject" ? <RejectDialog {...props} onClose={close} /> : null}
      {asking === "withdraw" ? <WithdrawDialog {...props} onClose={close} /> : null}
    </>
  );
}
