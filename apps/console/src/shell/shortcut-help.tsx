"use client";
import { Dialog } from "@agent-factory/ui/dialog";
import { Kbd } from "@agent-factory/ui/kbd";
import type { ReactNode } from "react";
import { useMessages } from "../i18n/i18n.tsx";
import { shellMessages } from "./messages.ts";
import { ModifierKey } from "./modifier-key.tsx";
import { places } from "./navigation.ts";

export function ShortcutHelp({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }): ReactNode {
  const messages = useMessages(shellMessages);
  const chord = (key: string) => (
    <Kbd>
      <ModifierKey />
      {key}
    </Kbd>
  );
  const rows: readonly (readonly [string, ReactNode])[] = [
    [messages.shortcutPalette, chord("K")],
    [messages.shortcutSearch, <Kbd key="slash">/</Kbd>],
    [messages.shortcutHelp, <Kbd key="help">?</Kbd>],
    ...places.map(
      (place) =>
        [
          messages.shortcutGo(messages[place.name]),
          <span key={place.name} className="flex items-center gap-1.5 text-sm text-ink-3">
            <Kbd>g</Kbd> {messages.afterwards} <Kbd>{place.letter}</Kbd>
          </span>,
        ] as const,
    ),
    [messages.shortcutSave, chord("S")],
    [messages.shortcutTry, chord("Enter")],
    [messages.shortcutTab, <Kbd key="tab">Ctrl M</Kbd>],
    [
      messages.shortcutChanges,
      <span key="changes" className="flex items-center gap-1.5">
        <Kbd>n</Kbd> <Kbd>p</Kbd>
      </span>,
    ],
    [messages.shortcutComment, <Kbd key="comment">c</Kbd>],
    [messages.shortcutApprove, <Kbd key="approve">a</Kbd>],
  ];
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      size="sm"
      title={messages.shortcuts}
      description={messages.shortcutsText}
      closeLabel={messages.close}
    >
      <dl className="flex flex-col">
        {rows.map(([name, keys]) => (
          <div key={name} className="flex min-h-8 items-center justify-between gap-4 border-b border-line last:border-b-0">
            <dt>{name}</dt>
            <dd>{keys}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
