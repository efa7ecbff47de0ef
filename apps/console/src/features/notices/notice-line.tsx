"use client";
import { IconButton } from "@agent-factory/ui/button";
import { clsx } from "clsx";
import { Check } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { noticeMessages } from "./messages.ts";
import { NoticeIcon } from "./notice-icon.tsx";
import { SentenceText, useSentence } from "./notice-text.tsx";
import type { Notice } from "./notice-view.ts";

/** One notice: a dot and weight while it is unread, what happened in a sentence, and where that leads. */
export function NoticeLine({ notice, onRead }: { notice: Notice; onRead: () => void }): ReactNode {
  const messages = useMessages(noticeMessages);
  const format = useFormat();
  const said = useSentence(notice);
  const unread = notice.readAt === null;
  return (
    <li
      data-unread={unread}
      className="group relative flex items-start gap-3 border-b border-line py-2.5 pr-4 pl-3 last:border-b-0 hover:bg-hover/60"
    >
      <span className="flex h-5 w-2 shrink-0 items-center" aria-hidden>
        {unread ? <span className="size-2 rounded-full bg-accent" /> : null}
      </span>
      <NoticeIcon kind={notice.kind} className="mt-0.5" />
      <span className="min-w-0 flex-1">
        <Link
          href={notice.href}
          data-notice={notice.id}
          onClick={onRead}
          className={clsx(
            "rounded-sm text-pretty wrap-anywhere after:absolute after:inset-0 hover:underline",
            unread ? "font-medium text-ink" : "text-ink-2",
          )}
        >
          {unread ? <span className="sr-only">{messages.isUnread} </span> : null}
          <SentenceText {...said} strong={unread} />
        </Link>
        {said.more === null ? null : (
          <span
            className={clsx(
              "mt-0.5 line-clamp-2 max-w-[90ch] text-sm wrap-anywhere text-ink-3",
              said.more.quoted && "border-l-2 border-line-strong pl-2",
            )}
          >
            {said.more.text}
          </span>
        )}
        <span className="mt-0.5 block text-sm text-ink-3 sm:hidden">{format.relative(notice.at)}</span>
      </span>
      <span className="relative z-10 hidden h-5 shrink-0 items-center gap-1 sm:flex">
        {unread ? (
          <span className="opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
            <IconButton label={messages.markOne} size="sm" onClick={onRead}>
              <Check aria-hidden />
            </IconButton>
          </span>
        ) : null}
        <time dateTime={notice.at} title={format.dateTime(notice.at)} className="min-w-20 text-right text-sm whitespace-nowrap text-ink-3">
          {format.relative(notice.at)}
        </time>
      </span>
    </li>
  );
}
