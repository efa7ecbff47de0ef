/** What a run printed, as far as a page keeps it. Pure. */

export type LogStream = "stdout" | "stderr" | "log" | "partial" | "system";
export type LogEntry = {
  readonly attempt: number;
  readonly seq: number;
  readonly at: string;
  readonly stream: string;
  readonly text: string;
};
/** One line on the screen; `first` is false for the further lines of an entry that holds several. */
export type LogLine = Pick<LogEntry, "attempt" | "at" | "stream" | "text"> & { readonly key: string; readonly first: boolean };

export type LogBuffer = {
  readonly lines: readonly LogLine[];
  /** Lines that were shown once and are no longer kept here. */
  readonly dropped: number;
  /** Highest sequence number seen by attempt: a stream that resumes sends some entries again. */
  readonly seen: ReadonlyMap<number, number>;
  /** The newest partial result, as JSON text, and how many there were. */
  readonly partial: { readonly text: string; readonly count: number } | null;
};

/** A page that keeps every line of a run that prints 100 MB is a page that dies. */
export const LINES_MAX = 5_000;

export const emptyLog: LogBuffer = { lines: [], dropped: 0, seen: new Map(), partial: null };

/** Entries of one attempt come in order; entries seen before are left out. */
export function addEntries(log: LogBuffer, entries: readonly LogEntry[]): LogBuffer {
  const seen = new Map(log.seen);
  const added: LogLine[] = [];
  let partial = log.partial;
  for (const entry of entries) {
    if (entry.seq <= (seen.get(entry.attempt) ?? -1)) continue;
    seen.set(entry.attempt, entry.seq);
    if (entry.stream === "partial") {
      partial = { text: entry.text, count: (partial?.count ?? 0) + 1 };
      continue;
    }
    const texts = entry.text.replace(/\r?\n$/, "").split(/\r?\n/);
    for (const [index, text] of texts.entries()) {
      added.push({
        key: `${entry.attempt}.${entry.seq}.${index}`,
        attempt: entry.attempt,
        at: entry.at,
        stream: entry.stream,
        text: plainText(text),
        first: index === 0,
      });
    }
  }
  if (added.length === 0 && partial === log.partial) return log.seen.size === seen.size ? { ...log, seen } : log;
  const lines = [...log.lines, ...added];
  const over = Math.max(0, lines.length - LINES_MAX);
  return { lines: over > 0 ? lines.slice(over) : lines, dropped: log.dropped + over, seen, partial };
}

/** Terminal colours say nothing here, and control characters would move the text. */
function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
