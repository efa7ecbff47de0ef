"use client";
import { type ReactNode, use } from "react";
import { loadFailureSentences } from "../../i18n/failures.ts";
import { useFormat, useLocale, useMessages } from "../../i18n/i18n.tsx";
import { noticeMessages, TITLE } from "./messages.ts";
import { type NoticeSentence, namesFailure, sentenceOf } from "./notice-sentence.ts";
import type { Notice } from "./notice-view.ts";

export function useSentence(notice: Notice): NoticeSentence {
  const messages = useMessages(noticeMessages);
  const format = useFormat();
  const locale = useLocale();
  return sentenceOf(notice, messages, format, locale, namesFailure(notice) ? use(loadFailureSentences()) : null);
}

/** The sentence, its title set off: by weight too where the line has weight. */
export function SentenceText({ sentence, title, strong }: NoticeSentence & { strong: boolean }): ReactNode {
  const [before = "", after] = sentence.split(TITLE);
  if (after === undefined || title === null) return sentence;
  return (
    <>
      {before}
      <span className={strong ? "font-semibold" : "text-ink"}>{title}</span>
      {after}
    </>
  );
}
