"use client";
import { Button } from "@agent-factory/ui/button";
import { CheckCheck, Reply, RotateCcw } from "lucide-react";
import { memo, type ReactNode, useEffect, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { CommentForm } from "./comment-form.tsx";
import { reviewMessages } from "./messages.ts";
import { placeName } from "./place-name.ts";
import type { Thread } from "./review-view.ts";
import { isPending, type Remarks } from "./use-remarks.ts";
import { When } from "./when.tsx";
import { Words } from "./words.tsx";

type Props = {
  readonly thread: Thread;
  readonly reviewNumber: number;
  /** The revision that is read now: a remark on an older one says so. */
  readonly revision: number;
  readonly remarks: Remarks;
  /** Whether an answer was being written when the page was left. */
  readonly replying?: boolean;
};

/** A remark with its answers. What is resolved takes one line until somebody wants to read it. */
export const ThreadCard = memo(function ThreadCard({ thread, reviewNumber, revision, remarks, replying = false }: Props): ReactNode {
  const messages = useMessages(reviewMessages);
  const viewer = useViewer();
  const [open, setOpen] = useState(false);
  const [writing, setWriting] = useState(replying);
  useEffect(() => {
    if (replying) setWriting(true);
  }, [replying]);
  const permission = viewer.can("reviews.comment");
  const place = replyPlace(reviewNumber, thread.id);
  const resolved = thread.resolvedAt !== null;
  const body = (
    <>
      <ol>
        {[thread, ...thread.replies].map((said, at) => (
          <li key={said.id} className={`px-3 py-2 ${at > 0 ? "border-t border-line" : ""} ${isPending(said) ? "opacity-60" : ""}`}>
            <Said said={said} {...(at === 0 ? { thread, revision } : {})} />
          </li>
        ))}
      </ol>
      <div className="border-t border-line px-3 py-2">
        {writing ? (
          <CommentForm
            place={place}
            label={messages.replyLabel(thread.authorName)}
            sendLabel={messages.reply}
            onSend={(text) => remarks.send({ threadId: thread.id, body: text, place })}
            focus={!replying}
            onClose={() => setWriting(false)}
          />
        ) : (
          <div className="flex flex-wrap gap-1">
            <Button size="sm" variant="ghost" onClick={() => setWriting(true)} disabledReason={permission.reason}>
              <Reply aria-hidden />
              {messages.reply}
            </Button>
            {isPending(thread) ? null : (
              <Button size="sm" variant="ghost" onClick={() => remarks.resolve(thread.id, !resolved)} disabledReason={permission.reason}>
                {resolved ? <RotateCcw aria-hidden /> : <CheckCheck aria-hidden />}
                {resolved ? messages.reopen : messages.resolve}
              </Button>
            )}
          </div>
        )}
      </div>
    </>
  );
  return (
    <section
      data-testid="thread"
      data-pointer={thread.pointer ?? ""}
      aria-label={messages.remarkedOn(thread.authorName, placeName(thread.pointer) ?? messages.wholeManifest)}
      className="max-w-[760px] rounded-md border border-line-strong bg-surface font-sans text-md text-ink"
    >
      {resolved ? (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className={`flex w-full items-center gap-2 rounded-md px-3 py-1.5 text-left text-ink-2 hover:bg-hover ${open ? "rounded-b-none border-b border-line" : ""}`}
        >
          <CheckCheck aria-hidden className="size-4 shrink-0 text-healthy" />
          <span className="min-w-0 flex-1 truncate">
            {messages.resolvedRemark(thread.resolvedByName ?? "", 1 + thread.replies.length)}
            <span className="text-ink-3"> · {firstWords(thread.body)}</span>
          </span>
          <span className="text-sm text-ink-3">{open ? messages.hideResolved : messages.showResolved}</span>
        </button>
      ) : null}
      {!resolved || open ? body : null}
    </section>
  );
});

function Said({
  said,
  thread,
  revision,
}: {
  said: { id: string; body: string; authorName: string; at: string };
  thread?: Thread;
  revision?: number;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const place = thread ? placeName(thread.pointer) : null;
  return (
    <>
      <p className="text-ink-3">
        <b className="font-semibold text-ink">{said.authorName}</b>
        {place === null ? null : <> {messages.onPlace(place)}</>}
        {thread && thread.revision !== revision ? <> · {messages.onRevision(thread.revision)}</> : null} ·{" "}
        {isPending(said) ? messages.sending : <When at={said.at} />}
      </p>
      <Words text={said.body} />
    </>
  );
}

export function replyPlace(reviewNumber: number, threadId: string): string {
  return `${reviewNumber}/reply/${threadId}`;
}

/** The first words that are not a quotation. */
export function firstWords(body: string): string {
  return body.split("\n").find((line) => line.trim() !== "" && !line.startsWith(">")) ?? "";
}
