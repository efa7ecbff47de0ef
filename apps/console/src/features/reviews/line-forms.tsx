"use client";
import type { SourceDocument } from "@agent-factory/manifest/document";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { lineOf, quoteLine, quoteOf } from "./anchors.ts";
import { CommentForm } from "./comment-form.tsx";
import { keptPlaces, keptWords } from "./kept-words.ts";
import { linesOf } from "./line-diff.ts";
import { reviewMessages } from "./messages.ts";
import { placeName } from "./place-name.ts";
import type { ReviewPageView } from "./review-view.ts";
import type { Remarks } from "./use-remarks.ts";

/** `wanted`: the reader has just asked for it, so it takes the focus; one that only came back does not. */
type OpenForm = { readonly pointer: string; readonly line: number; readonly quote: string; readonly wanted: boolean };

export type LineForms = {
  readonly open: readonly OpenForm[];
  /** Threads to which an answer was being written. */
  readonly replies: ReadonlySet<string>;
  readonly openAt: (line: number) => void;
  readonly close: (pointer: string) => void;
  /** Words that could not be stored are in their box again, and the box is open. */
  readonly reopen: (place: string) => void;
};

/** The boxes that stand open under lines. Those in which words wait are open again when the page is. */
export function useLineForms(review: ReviewPageView, parsed: SourceDocument | null): LineForms {
  const viewer = useViewer();
  const [open, setOpen] = useState<readonly OpenForm[]>([]);
  const [replies, setReplies] = useState<ReadonlySet<string>>(new Set());
  const { number, head } = review;
  const key = useMemo(() => ({ tenant: viewer.tenant.id, user: viewer.user.id }), [viewer.tenant.id, viewer.user.id]);
  const lines = useMemo(() => linesOf(head.content), [head.content]);
  const show = useCallback((form: OpenForm) => setOpen((forms) => [...forms.filter(({ pointer }) => pointer !== form.pointer), form]), []);
  const openAt = useCallback(
    (line: number) => {
      if (!parsed) return;
      const pointer = parsed.pointerAt(line);
      const text = lines[line - 1] ?? "";
      const quote = lineOf(pointer, null, parsed, lines) === line || text.trim() === "" ? "" : quoteLine(text);
      show({ pointer, line, quote, wanted: true });
    },
    [parsed, lines, show],
  );
  const close = useCallback((pointer: string) => setOpen((forms) => forms.filter((form) => form.pointer !== pointer)), []);
  const reopen = useCallback(
    (place: string) => {
      const [, kind, id] = /^\d+\/(line|reply)\/([\s\S]*)$/.exec(place) ?? [];
      if (kind === "reply" && id !== undefined) setReplies((before) => new Set([...before, id]));
      if (kind !== "line" || id === undefined || !parsed) return;
      const words = keptWords(sessionStorage, { ...key, place });
      show({ pointer: id, line: lineOf(id, quoteOf(words), parsed, lines), quote: "", wanted: false });
    },
    [parsed, lines, key, show],
  );
  const ready = parsed !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked for once, when the page can place them
  useEffect(() => {
    if (!ready) return;
    for (const kind of ["line", "reply"])
      for (const id of keptPlaces(sessionStorage, { ...key, place: `${number}/${kind}/` })) reopen(`${number}/${kind}/${id}`);
  }, [ready, number]);
  // What is being written stays with its value when the text under it is replaced.
  const [placed, setPlaced] = useState(head.content);
  if (placed !== head.content && parsed) {
    setPlaced(head.content);
    setOpen(open.map((form) => ({ ...form, line: lineOf(form.pointer, quoteOf(form.quote), parsed, lines), wanted: false })));
  }
  return useMemo(() => ({ open, replies, openAt, close, reopen }), [open, replies, openAt, close, reopen]);
}

export function LineForm({
  reviewNumber,
  form,
  onClose,
  remarks,
}: {
  reviewNumber: number;
  form: OpenForm;
  onClose: (pointer: string) => void;
  remarks: Remarks;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const place = `${reviewNumber}/line/${form.pointer}`;
  const name = placeName(form.pointer) ?? messages.wholeManifest;
  return (
    <div className="max-w-[760px] rounded-md border border-line-strong bg-surface p-3 font-sans text-md">
      <p className="mb-1.5 text-sm text-ink-3">{messages.remarkAbout(name)}</p>
      <CommentForm
        place={place}
        label={messages.remarkLabel(name)}
        initial={form.quote}
        onSend={(body) => remarks.send({ pointer: form.pointer, body, place })}
        focus={form.wanted}
        onClose={() => {
          onClose(form.pointer);
          document.querySelector<HTMLElement>(`[data-key="after-${form.line}"]`)?.focus({ preventScroll: true });
        }}
      />
    </div>
  );
}
