"use client";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { runChannelMessages } from "./channel-messages.ts";
import { runMessages } from "./messages.ts";
import { movedSentence } from "./moved-sentence.ts";
import type { RunView } from "./run-view.ts";

/** Everything that happened to a run, in order, with the time since the event before. */
export function RunTimeline({ events }: { events: RunView["events"] }): ReactNode {
  const messages = useMessages(runMessages);
  const channelWords = useMessages(runChannelMessages);
  const format = useFormat();
  const words: Readonly<Record<string, unknown>> = messages;
  const attempts = new Set(events.map((event) => event.attempt)).size;
  return (
    <ol data-testid="run-events" className="flex flex-col">
      {events.map((event, index) => {
        const before = events[index - 1];
        const word = words[`event_${event.kind}`];
        const state = words[`state_${String(event.data["state"])}`];
        const moved = event.kind === "moved";
        const reason = words[moved ? `error_${String(event.data["errorKind"])}` : `reason_${String(event.data["reason"])}`];
        const notes = [
          event.kind === "finished" && typeof state === "string" ? state : null,
          typeof reason === "string" ? reason : null,
          attempts > 1 ? messages.attempt(event.attempt) : null,
          typeof event.data["handOutMs"] === "number"
            ? (event.data["warm"] === true ? messages.warmIn : messages.coldIn)(format.durationMs(event.data["handOutMs"]))
            : null,
        ].filter((note) => note !== null);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: events are appended, never moved
          <li key={index} className="relative border-l border-line-strong pb-3 pl-4 last:pb-0">
            <span aria-hidden className="absolute top-1.5 -left-[4.5px] size-2 rounded-full border-2 border-surface bg-ink-3" />
            <p className="flex items-baseline gap-2">
              <span className="min-w-0 flex-1">
                {moved ? movedSentence(event.data, channelWords) : typeof word === "string" ? word : event.kind}
              </span>
              <time dateTime={event.at} title={format.dateTime(event.at)} className="shrink-0 text-sm text-ink-3">
                {before ? `+ ${format.durationMs(Math.max(0, Date.parse(event.at) - Date.parse(before.at)))}` : format.time(event.at)}
              </time>
            </p>
            {notes.length > 0 ? <p className="text-sm text-ink-3">{notes.join(" · ")}</p> : null}
          </li>
        );
      })}
    </ol>
  );
}
