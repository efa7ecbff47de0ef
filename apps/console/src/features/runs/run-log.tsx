"use client";
/** A run's log while it is written. Only the lines in view are in the page; the newest stay in view until one scrolls up. */
import { ArrowDown } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { LogBuffer, LogLine } from "./log-buffer.ts";
import { runMessages } from "./messages.ts";

const LINE_PX = 20;
const PADDING_PX = 8;
/** Lines kept in the page above and below the view. */
const MARGIN = 20;

export function RunLog({ log, ended, attempts }: { log: LogBuffer; ended: boolean; attempts: number }): ReactNode {
  const messages = useMessages(runMessages);
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const [following, setFollowing] = useState(true);
  const { lines } = log;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what moves the view
  useEffect(() => {
    const element = place.current;
    if (element && following) element.scrollTop = element.scrollHeight;
  }, [lines, following]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const measure = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);

  const scrolled = () => {
    const element = place.current;
    if (!element) return;
    setView({ top: element.scrollTop, height: element.clientHeight });
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < LINE_PX * 2);
  };
  const from = Math.max(0, Math.floor(view.top / LINE_PX) - MARGIN);
  const to = Math.min(lines.length, Math.ceil((view.top + view.height) / LINE_PX) + MARGIN);
  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={place}
        onScroll={scrolled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard
        tabIndex={0}
        aria-label={messages.logLabel}
        data-testid="run-log"
        className="h-full overflow-auto rounded-sm bg-sunken font-mono text-[12px]"
      >
        {lines.length === 0 ? (
          <p className="px-3 py-2 font-sans text-ink-2">{ended ? messages.logEmpty : messages.logWaiting}</p>
        ) : (
          <div className="relative w-max min-w-full" style={{ height: lines.length * LINE_PX + PADDING_PX * 2 }}>
            {lines.slice(from, to).map((line, index) => (
              <Line
                key={line.key}
                line={line}
                top={(from + index) * LINE_PX + PADDING_PX}
                stream={streamWord(messages, line.stream)}
                time={format.time(line.at)}
                attempt={attempts > 1 ? line.attempt : null}
              />
            ))}
          </div>
        )}
      </section>
      {following || lines.length === 0 ? null : (
        <button
          type="button"
          onClick={() => setFollowing(true)}
          className="absolute right-4 bottom-3 flex items-center gap-1 rounded-full border border-line-strong bg-surface px-3 py-1 text-[12px] text-ink shadow-md hover:bg-hover"
        >
          <ArrowDown aria-hidden className="size-3.5" />
          {messages.logNewest}
        </button>
      )}
    </div>
  );
}

type Words = ReturnType<typeof useMessages<typeof runMessages>>;

function streamWord(messages: Words, stream: string): string {
  if (stream === "stderr") return messages.stream_stderr;
  if (stream === "system") return messages.stream_system;
  return stream === "log" ? messages.stream_log : messages.stream_stdout;
}

const tones: Readonly<Record<string, string>> = { stderr: "text-breached", system: "text-ink-2", log: "text-ink", stdout: "text-ink" };

function Line({
  line,
  top,
  stream,
  time,
  attempt,
}: {
  line: LogLine;
  top: number;
  stream: string;
  time: string;
  attempt: number | null;
}): ReactNode {
  return (
    <div
      className={`absolute flex gap-3 px-3 whitespace-pre ${tones[line.stream] ?? "text-ink"}`}
      style={{ top, height: LINE_PX, lineHeight: `${LINE_PX}px` }}
    >
      <span className="w-[8ch] shrink-0 text-ink-2 select-none">{line.first ? time : ""}</span>
      <span className="w-[7ch] shrink-0 text-ink-2 select-none">
        {line.first ? (attempt === null ? stream : `${attempt} ${stream}`) : ""}
      </span>
      <span>{line.text === "" ? " " : line.text}</span>
    </div>
  );
}
