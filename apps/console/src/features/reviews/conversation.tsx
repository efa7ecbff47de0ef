"use client";
import { Button } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { BadgeCheck, Check, FilePenLine, GitPullRequestArrow, type LucideIcon, MessageSquare, Undo2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { CommentForm } from "./comment-form.tsx";
import type { LineForms } from "./line-forms.tsx";
import { reviewMessages } from "./messages.ts";
import { placeName } from "./place-name.ts";
import type { Decision, ReviewPageView, Thread } from "./review-view.ts";
import { firstWords, ThreadCard } from "./thread-card.tsx";
import type { Remarks } from "./use-remarks.ts";
import { When } from "./when.tsx";
import { Words } from "./words.tsx";

type Entry = { readonly key: string; readonly at: string; readonly order: number; readonly node: ReactNode };

/** Of a long conversation the beginning and the end are shown. */
const FIRST_ENTRIES = 5;
const LAST_ENTRIES = 20;

/** Everything that happened and was said, in its order. Remarks on a line are told in short and lead there. */
export function Conversation({
  review,
  remarks,
  forms,
  onShow,
}: {
  review: ReviewPageView;
  remarks: Remarks;
  forms: LineForms;
  /** Shows a remark where it stands in the text; null when it stands nowhere. */
  onShow: (thread: Thread) => (() => void) | null;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const place = `${review.number}/general`;
  const entries = useEntries(review, (thread) =>
    thread.pointer === null ? (
      <ThreadCard
        thread={thread}
        reviewNumber={review.number}
        revision={review.revision}
        remarks={remarks}
        replying={forms.replies.has(thread.id)}
      />
    ) : (
      <LineRemark thread={thread} onShow={onShow(thread)} />
    ),
  );
  const [whole, setWhole] = useState(false);
  const hidden = whole ? 0 : Math.max(0, entries.length - FIRST_ENTRIES - LAST_ENTRIES);
  const shown: readonly Pick<Entry, "key" | "node">[] =
    hidden === 0
      ? entries
      : [
          ...entries.slice(0, FIRST_ENTRIES),
          {
            key: "hidden",
            node: (
              <Button size="sm" onClick={() => setWhole(true)}>
                {messages.showHidden(hidden)}
              </Button>
            ),
          },
          ...entries.slice(-LAST_ENTRIES),
        ];
  return (
    <Panel title={messages.conversation}>
      <ol className="flex flex-col gap-3" data-testid="conversation">
        {shown.map(({ key, node }) => (
          <li key={key}>{node}</li>
        ))}
      </ol>
      <div className="mt-4 max-w-[760px]">
        <CommentForm place={place} label={messages.generalLabel} onSend={(body) => remarks.send({ body, place })} />
      </div>
    </Panel>
  );
}

function useEntries(review: ReviewPageView, card: (thread: Thread) => ReactNode): Entry[] {
  const messages = useMessages(reviewMessages);
  const { openedBy, decisions, revisions, threads, outcome, state } = review;
  const entries: Entry[] = [
    {
      key: "opened",
      at: review.openedAt,
      order: 0,
      node: <Event Icon={GitPullRequestArrow} ink="text-accent" at={review.openedAt} text={messages.opened(openedBy.name)} />,
    },
    ...revisions
      .filter(({ revision }) => revision > 1)
      .map(({ revision, createdAt, createdByName }) => ({
        key: `revision-${revision}`,
        at: createdAt,
        order: 1,
        node: <Event Icon={FilePenLine} ink="text-ink-3" at={createdAt} text={messages.revisedBy(createdByName, revision)} />,
      })),
    ...decisions.map((decision) => ({ key: decision.id, at: decision.at, order: 2, node: <Decided decision={decision} /> })),
    ...threads.map((thread) => ({ key: thread.id, at: thread.at, order: 2, node: card(thread) })),
  ];
  const ended = review.decidedAt ?? review.updatedAt;
  if (outcome !== null)
    entries.push({
      key: "published",
      at: ended,
      order: 3,
      node: <Event Icon={BadgeCheck} ink="text-healthy" at={ended} text={messages.published_event(outcome)} />,
    });
  if (state === "withdrawn")
    entries.push({
      key: "withdrawn",
      at: ended,
      order: 3,
      node: <Event Icon={Undo2} ink="text-ink-3" at={ended} text={messages.withdrawn_event} />,
    });
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.order - b.order));
}

function Decided({ decision }: { decision: Decision }): ReactNode {
  const messages = useMessages(reviewMessages);
  const { verdict, userName, revision, killedAt } = decision;
  const approve = verdict === "approve";
  return (
    <Event
      Icon={approve ? Check : X}
      ink={killedAt !== null ? "text-ink-3" : approve ? "text-healthy" : "text-breached"}
      at={decision.at}
      text={approve ? messages.approvedBy(userName, revision) : messages.rejectedRevision(userName, revision)}
      aside={killedAt === null ? "" : messages.noLongerCounts}
      note={decision.note}
    />
  );
}

function Event({
  Icon,
  ink,
  at,
  text,
  aside = "",
  note = "",
}: {
  Icon: LucideIcon;
  ink: string;
  at: string;
  text: string;
  aside?: string;
  note?: string;
}): ReactNode {
  return (
    <div className="flex gap-2.5">
      <span className="flex h-5 items-center">
        <Icon aria-hidden className={`size-4 shrink-0 ${ink}`} />
      </span>
      <div className="min-w-0 flex-1">
        <p>
          {text} <When at={at} />
          {aside === "" ? null : <span className="text-ink-3"> · {aside}</span>}
        </p>
        {note === "" ? null : (
          <div className="mt-1 border-l-2 border-line-strong pl-2.5 text-ink-2">
            <Words text={note} />
          </div>
        )}
      </div>
    </div>
  );
}

function LineRemark({ thread, onShow }: { thread: Thread; onShow: (() => void) | null }): ReactNode {
  const messages = useMessages(reviewMessages);
  return (
    <div className="flex gap-2.5">
      <span className="flex h-5 items-center">
        <MessageSquare aria-hidden className="size-4 shrink-0 text-ink-3" />
      </span>
      <div className="min-w-0 flex-1">
        <p>
          {messages.remarkedOn(thread.authorName, placeName(thread.pointer) ?? messages.wholeManifest)} <When at={thread.at} />
        </p>
        <p className="flex items-baseline gap-2">
          <span className="min-w-0 truncate text-ink-2">{firstWords(thread.body)}</span>
          {onShow === null ? null : (
            <button type="button" onClick={onShow} className="shrink-0 rounded-sm text-sm text-accent hover:underline">
              {messages.showInText}
            </button>
          )}
        </p>
      </div>
    </div>
  );
}
