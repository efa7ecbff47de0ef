"use client";
import { useQuery } from "@tanstack/react-query";
import { Bell as BellIcon } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { noticeMessages } from "./messages.ts";

const SHOWN_MAX = 99;

/** The unread figure as it is shown; null when there is none. */
function useUnreadShown(): string | null {
  const trpc = useTRPC();
  const format = useFormat();
  const unread = useQuery(trpc.notices.unread.queryOptions()).data?.unread ?? 0;
  if (unread === 0) return null;
  return unread > SHOWN_MAX ? `${format.number(SHOWN_MAX)}+` : format.number(unread);
}

/** How many notices are unread, beside the inbox's name. */
export function UnreadCount(): ReactNode {
  const messages = useMessages(noticeMessages);
  const shown = useUnreadShown();
  if (shown === null) return null;
  return (
    <span data-unread={shown} className={pill}>
      {shown} <span className="sr-only">{messages.unread}</span>
    </span>
  );
}

/** The way to the inbox where there is no navigation beside it. */
export function Bell(): ReactNode {
  const messages = useMessages(noticeMessages);
  const shown = useUnreadShown();
  return (
    <Link
      href="/inbox"
      aria-label={shown === null ? messages.title : messages.inboxWith(shown)}
      className="relative flex size-[30px] items-center justify-center rounded-sm text-ink-2 hover:bg-hover hover:text-ink"
    >
      <BellIcon aria-hidden className="size-4" />
      {shown === null ? null : (
        <span aria-hidden className={`absolute -top-1 left-4 ${pill}`}>
          {shown}
        </span>
      )}
    </Link>
  );
}

const pill = "min-w-4 rounded-full bg-accent px-1 text-center text-xs leading-4 font-semibold text-accent-ink tabular-nums";
