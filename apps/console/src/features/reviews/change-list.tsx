"use client";
import type { Change } from "@agent-factory/manifest/compare";
import type { SourceDocument } from "@agent-factory/manifest/document";
import { CornerDownRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { exists } from "./anchors.ts";
import { ClassIcon } from "./class-marks.tsx";
import { classMessages } from "./class-messages.ts";
import { reviewMessages } from "./messages.ts";
import { placeName } from "./place-name.ts";
import { byClass } from "./review-view.ts";

/** Every change as a sentence, grouped by what it means for those who rely on the template, gravest first. */
export function ChangeList({
  changes,
  parsed,
  codeHref,
  onGoTo,
}: {
  changes: readonly Change[];
  parsed: SourceDocument | null;
  /** Where the files of the code are to be read: its digest alone tells a reviewer nothing. */
  codeHref: string;
  onGoTo: (line: number) => void;
}): ReactNode {
  const classes = useMessages(classMessages);
  return (
    <ul data-testid="changes" className="flex flex-col">
      {byClass(changes).map((group) => (
        <li key={group.class} className="flex gap-2 border-b border-line py-2.5 first:pt-0.5 last:border-b-0 last:pb-0.5">
          <span className="flex h-5 items-center">
            <ClassIcon name={group.class} />
          </span>
          <div className="min-w-0 flex-1 sm:flex sm:gap-2">
            <b className="shrink-0 font-semibold sm:w-[92px]">{classes[`class_${group.class}`]}</b>
            <ul className="flex min-w-0 flex-1 flex-col gap-1">
              {group.changes.map((change) => (
                <OneChange
                  key={`${change.code}${change.path}${JSON.stringify(change.after)}`}
                  change={change}
                  parsed={parsed}
                  codeHref={codeHref}
                  onGoTo={onGoTo}
                />
              ))}
            </ul>
          </div>
        </li>
      ))}
    </ul>
  );
}

function OneChange({
  change,
  parsed,
  codeHref,
  onGoTo,
}: {
  change: Change;
  parsed: SourceDocument | null;
  codeHref: string;
  onGoTo: (line: number) => void;
}): ReactNode {
  const messages = useMessages(reviewMessages);
  const language = useLocale();
  const line = parsed && exists(parsed.data, change.path) ? parsed.locate(change.path, "key").line : null;
  return (
    <li className="min-w-0">
      <div className="flex items-baseline gap-2">
        <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
          {withPlace(change.message[language])}
          {untold(change, change.message[language])}
        </span>
        {!change.path.startsWith("/spec/code") ? null : (
          <Link href={codeHref} className="shrink-0 rounded-sm text-sm text-accent hover:underline">
            {messages.readCode}
          </Link>
        )}
        {line === null ? null : (
          <button
            type="button"
            aria-label={messages.goToLine(line, placeName(change.path) ?? messages.wholeManifest)}
            onClick={() => onGoTo(line)}
            className="inline-flex shrink-0 items-center gap-1 rounded-sm text-sm text-ink-3 hover:text-accent hover:underline"
          >
            <CornerDownRight aria-hidden className="size-3.5" />
            {messages.atLine(line)}
          </button>
        )}
      </div>
      {isLong(change) ? (
        <details className="mt-1 text-sm">
          <summary className="w-fit rounded-sm text-ink-3 hover:text-ink">{messages.beforeAndAfter}</summary>
          <div className="mt-1 grid gap-2 md:grid-cols-2">
            <Value label={messages.before} value={change.before} ground="bg-removed-soft" absent={messages.absent} />
            <Value label={messages.after} value={change.after} ground="bg-added-soft" absent={messages.absent} />
          </div>
        </details>
      ) : null}
    </li>
  );
}

/** What does not fit the sentence: it tells short values whole. */
function isLong({ before, after }: Change): boolean {
  if (before === undefined && after === undefined) return false;
  return [before, after].some((value) => typeof value === "object" || (typeof value === "string" && value.length > 57));
}

function Value({ label, value, ground, absent }: { label: string; value: unknown; ground: string; absent: string }): ReactNode {
  return (
    <div className="min-w-0">
      <p className="text-xs text-ink-3">{label}</p>
      <pre className={`max-h-60 overflow-auto rounded-sm px-2 py-1 whitespace-pre-wrap [overflow-wrap:anywhere] ${ground}`}>
        {value === undefined ? <i className="text-ink-2">{absent}</i> : typeof value === "string" ? value : JSON.stringify(value, null, 2)}
      </pre>
    </div>
  );
}

/** A short value that came or went, where its sentence does not say it. */
function untold({ before, after }: Change, sentence: string): ReactNode {
  const value = before === undefined ? after : after === undefined ? before : undefined;
  if (value === undefined || typeof value === "object" || String(value).length > 57 || sentence.includes(String(value))) return null;
  return (
    <>
      {" "}
      <code className="rounded-[3px] bg-sunken px-1">{String(value)}</code>
    </>
  );
}

/** A sentence about a change begins with its place: `spec.limits.timeout …`. */
function withPlace(sentence: string): ReactNode {
  const place = /^(?:metadata|spec)\.\S+/.exec(sentence)?.[0];
  if (place === undefined) return sentence;
  return (
    <>
      <code>{place}</code>
      {sentence.slice(place.length)}
    </>
  );
}
