"use client";
import { Button } from "@agent-factory/ui/button";
import { Field, Textarea } from "@agent-factory/ui/field";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useKeptWords, type WordsKey } from "./kept-words.ts";
import { reviewMessages } from "./messages.ts";

export const WORDS_MAX = 10_000;

type Props = {
  /** Where its words are kept until they are sent. */
  readonly place: string;
  readonly label: string;
  readonly initial?: string;
  readonly sendLabel?: string;
  /** Takes the words; what becomes of them is told elsewhere. */
  readonly onSend: (body: string) => void;
  /** Without it the form stays: it is part of the page. */
  readonly onClose?: () => void;
  /** Whether it takes the focus when it appears. */
  readonly focus?: boolean;
  readonly rows?: number;
};

/** A box for a remark. Control Enter sends it, Escape puts it aside with its words. */
export function CommentForm({ place, label, initial = "", sendLabel, onSend, onClose, focus = false, rows = 3 }: Props): ReactNode {
  const messages = useMessages(reviewMessages);
  const format = useFormat();
  const viewer = useViewer();
  const key: WordsKey = { tenant: viewer.tenant.id, user: viewer.user.id, place };
  const [words, write] = useKeptWords(key, initial);
  const box = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it opens
  useEffect(() => {
    if (!focus) return;
    box.current?.focus();
    box.current?.setSelectionRange(box.current.value.length, box.current.value.length);
  }, []);
  const tooLong = words.length > WORDS_MAX;
  const empty = words.trim() === "" || words.trim() === initial.trim();
  const permission = viewer.can("reviews.comment");
  const send = () => {
    if (empty || tooLong || !permission.allowed) return;
    onSend(words.trim());
    if (!onClose) write("");
    onClose?.();
  };
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Field label={label} labelHidden error={tooLong ? messages.wordsTooLong(format.number(WORDS_MAX)) : undefined}>
        <Textarea
          ref={box}
          id={id}
          aria-label={label}
          rows={rows}
          value={words}
          placeholder={messages.writeRemark}
          readOnly={!permission.allowed}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              send();
            } else if (event.key === "Escape" && onClose) {
              event.preventDefault();
              event.stopPropagation();
              onClose();
            }
          }}
        />
      </Field>
      <div className="flex items-center justify-end gap-2">
        {onClose ? (
          <Button
            size="sm"
            variant="ghost"
            onClick={() => {
              write("");
              onClose();
            }}
          >
            {messages.cancel}
          </Button>
        ) : null}
        <Button
          size="sm"
          type="submit"
          variant={onClose ? "primary" : "secondary"}
          disabledReason={permission.reason ?? (empty ? messages.writeRemark : undefined)}
        >
          {sendLabel ?? messages.send}
        </Button>
      </div>
    </form>
  );
}
