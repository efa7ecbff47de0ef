"use client";
import { CopyButton } from "@agent-factory/ui/copy-button";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { signingMessages } from "./messages.ts";

/** A text to take away as it is: a key, a signed note, a command. */
export function CopyText({ label, text, note }: { label: string; text: string; note?: ReactNode }): ReactNode {
  const messages = useMessages(signingMessages);
  return (
    <figure aria-label={label} className="min-w-0">
      <div className="flex min-h-7 items-center gap-2">
        <figcaption className="min-w-0 flex-1 text-sm font-medium text-ink-2">{label}</figcaption>
        <CopyButton text={text} label={messages.copy} done={messages.copied} />
      </div>
      <pre className="rounded-sm border border-line bg-sunken p-2.5 text-sm break-all whitespace-pre-wrap [font-variant-ligatures:none]">
        {text}
      </pre>
      {note === undefined ? null : <p className="mt-1 text-sm text-pretty text-ink-3">{note}</p>}
    </figure>
  );
}
