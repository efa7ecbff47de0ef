"use client";
import { CircleDollarSign, KeyRound, MessageSquareText, Paintbrush, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { byClass, type DraftChanges } from "./changes.ts";
import { templateMessages } from "./messages.ts";

const icons = {
  breaking: Unplug,
  permission: KeyRound,
  cost: CircleDollarSign,
  behaviour: MessageSquareText,
  cosmetic: Paintbrush,
} as const;
const tones = {
  breaking: "text-breached",
  permission: "text-warning",
  cost: "text-ink-2",
  behaviour: "text-ink-2",
  cosmetic: "text-ink-2",
} as const;

/** One line under the editor: what changed since the base version, and the version number that demands. */
export function ChangeBar({ changes, onOpen }: { changes: DraftChanges; onOpen: () => void }): ReactNode {
  const messages = useMessages(templateMessages);
  const language = useLocale();
  return (
    <div
      data-testid="change-bar"
      className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-4 py-2 text-[13px]"
    >
      <span className="rounded-full bg-sunken px-2 py-0.5 text-[11px] whitespace-nowrap text-ink-2">
        {changes.kind === "new" ? messages.sinceNothing : messages.since(changes.since)}
      </span>
      {changes.kind === "some" ? (
        <>
          <button
            type="button"
            onClick={onOpen}
            className="min-w-0 flex-1 basis-40 truncate rounded-sm text-left text-ink-2 hover:underline"
          >
            {byClass(changes.changes)
              .slice(0, 2)
              .map((group, index) => (
                <span key={group.class}>
                  {index > 0 ? " · " : ""}
                  <b className="font-semibold text-ink">{messages[`class_${group.class}`]}</b> {group.changes[0]?.message[language]}
                </span>
              ))}
            {changes.changes.length > 2
              ? ` ${messages.moreChanges(changes.changes.length - Math.min(2, byClass(changes.changes).length))}`
              : ""}
          </button>
          <Demand changes={changes} />
        </>
      ) : (
        <span className="text-ink-2">{plainSentence(messages, changes)}</span>
      )}
    </div>
  );
}

export function Demand({ changes }: { changes: Extract<DraftChanges, { kind: "some" }> }): ReactNode {
  const messages = useMessages(templateMessages);
  if (changes.demands === "none" || changes.next === null) return null;
  return (
    <span className="whitespace-nowrap text-ink-2" data-testid="demand">
      {messages.atLeast} <b className="font-semibold text-ink">{messages[changes.demands]}</b> {messages.atLeastVersion(changes.next)}
    </span>
  );
}

/** Every change, gravest class first, each as a sentence. */
export function ChangeList({ changes }: { changes: DraftChanges }): ReactNode {
  const messages = useMessages(templateMessages);
  const language = useLocale();
  if (changes.kind !== "some")
    return <p className="text-ink-2">{changes.kind === "new" ? messages.noBase : plainSentence(messages, changes)}</p>;
  return (
    <ul data-testid="change-list" className="flex flex-col gap-1.5">
      {changes.changes.map((change) => {
        const Icon = icons[change.class];
        return (
          <li key={`${change.code}${change.path}`} className="flex items-baseline gap-2">
            <Icon aria-hidden className={`size-4 shrink-0 self-center ${tones[change.class]}`} />
            <b className="w-24 shrink-0 font-semibold">{messages[`class_${change.class}`]}</b>
            <span className="min-w-0 flex-1">{change.message[language]}</span>
            <code className="hidden shrink-0 font-mono text-[12px] text-ink-2 md:inline">{change.path}</code>
          </li>
        );
      })}
    </ul>
  );
}

type Words = ReturnType<typeof useMessages<typeof templateMessages>>;

function plainSentence(messages: Words, changes: Exclude<DraftChanges, { kind: "some" }>): string {
  if (changes.kind === "new") return messages.firstVersionNote;
  if (changes.kind === "unknown") return messages.cannotCompare;
  return changes.layout ? messages.onlyLayout : messages.noChanges;
}
