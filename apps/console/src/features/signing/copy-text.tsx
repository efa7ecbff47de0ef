"use client";
import { Button } from "@agent-factory/ui/button";
import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { signingMessages } from "./messages.ts";

/** A text to take away as it is: a key, a signed note, a command. */
export function CopyText({ label, text, note }: { label: string; text: string; note?: ReactNode }): ReactNode {
  const messages = useMessages(signingMessages);
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    });
  };
  return (
    <figure aria-label={label} className="min-w-0">
      <div className="flex min-h-7 items-center gap-2">
        <figcaption className="min-w-0 flex-1 text-sm font-medium text-ink-2">{label}</figcaption>
        <Button size="sm" variant="ghost" onClick={copy}>
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
          <span aria-live="polite">{copied ? messages.copied : messages.copy}</span>
        </Button>
      </div>
      <pre className="rounded-sm border border-line bg-sunken p-2.5 text-sm break-all whitespace-pre-wrap [font-variant-ligatures:none]">
        {text}
      </pre>
      {note === undefined ? null : <p className="mt-1 text-sm text-pretty text-ink-3">{note}</p>}
    </figure>
  );
}
