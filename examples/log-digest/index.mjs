/**
 * Digests log lines: groups them into message templates, counts them over time and points at what stands out. One pass, in the
 * order of the lines; asks nothing of the network.
 */
import { findBursts, findNew, findRare } from "./anomalies.mjs";
import { createDrain } from "./drain.mjs";
import { readLine } from "./line.mjs";

const MINUTE_MS = 60_000;
const CLUSTERS_SHOWN_MAX = 200;
const ANOMALIES_SHOWN_MAX = 100;
const MINUTES_SHOWN_MAX = 1_440;
const PROGRESS_EVERY = 10_000;
const EXAMPLE_LENGTH_MAX = 500;

/**
 * @param {{ lines: string[], similarity?: number }} input
 * @param {{ log(text: string): void, emit(partial: unknown): void, signal: AbortSignal }} context
 */
export default async function digestLog({ lines, similarity = 0.5 }, { log, emit, signal }) {
  const drain = createDrain({ similarity });
  const seen = new Map();
  const perMinute = new Map();
  let empty = 0;
  let unclustered = 0;
  let timed = 0;
  log(`${lines.length} lines`);

  for (const [index, line] of lines.entries()) {
    if (index > 0 && index % PROGRESS_EVERY === 0) {
      // Lets an abort through: the loop itself never waits.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      log(`${index} lines read, ${drain.groups.length} clusters`);
      emit({ linesRead: index, clusters: drain.groups.length });
    }
    if (line.trim() === "") {
      empty += 1;
      continue;
    }
    const { at, words } = readLine(line);
    const group = drain.add(words);
    const minute = at === null ? null : Math.floor(at / MINUTE_MS);
    if (minute !== null) {
      timed += 1;
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    if (group === null) unclustered += 1;
    else note(seen, group.id, index + 1, line, minute);
  }

  const groups = drain.groups.map(({ id, words, count }) => ({ id, template: words.join(" "), count, ...seen.get(id) }));
  const read = lines.length - empty;
  const span = spanOf(perMinute);
  const anomalies = [...findBursts(groups, span?.minutes ?? 0), ...findNew(groups, lines.length), ...findRare(groups, lines.length)];
  log(`${groups.length} clusters, ${anomalies.length} anomalies, ${timed} of ${read} lines with a time`);
  return {
    lines: { total: lines.length, empty, timed, unclustered },
    clusters: {
      total: groups.length,
      cut: groups.length > CLUSTERS_SHOWN_MAX,
      items: groups
        .toSorted((a, b) => b.count - a.count || a.id - b.id)
        .slice(0, CLUSTERS_SHOWN_MAX)
        .map(({ id, template, count, example, firstLine, lastLine }) => ({
          id,
          template: template.slice(0, EXAMPLE_LENGTH_MAX),
          count,
          share: round(count / Math.max(1, read)),
          example,
          firstLine,
          lastLine,
          perMinute: span === null ? null : round(count / span.minutes),
        })),
    },
    rates: span === null ? null : { ...span.shown, perMinute: round(timed / span.minutes), byMinute: span.series },
    anomalies: { total: anomalies.length, cut: anomalies.length > ANOMALIES_SHOWN_MAX, items: anomalies.slice(0, ANOMALIES_SHOWN_MAX) },
  };
}

function note(seen, id, lineNumber, line, minute) {
  const known = seen.get(id) ?? {
    example: line.slice(0, EXAMPLE_LENGTH_MAX),
    firstLine: lineNumber,
    lastLine: lineNumber,
    perMinute: new Map(),
  };
  known.lastLine = lineNumber;
  if (minute !== null) known.perMinute.set(minute, (known.perMinute.get(minute) ?? 0) + 1);
  seen.set(id, known);
}

/** From the first to the last minute seen; minutes without a line are zeros, and the last day is shown. Null without any time. */
function spanOf(perMinute) {
  if (perMinute.size === 0) return null;
  const known = [...perMinute.keys()];
  const first = known.reduce((a, b) => Math.min(a, b));
  const last = known.reduce((a, b) => Math.max(a, b));
  const minutes = last - first + 1;
  const from = Math.max(first, last - MINUTES_SHOWN_MAX + 1);
  const series = Array.from({ length: last - from + 1 }, (_, at) => ({ minute: iso(from + at), count: perMinute.get(from + at) ?? 0 }));
  return { minutes, series, shown: { from: iso(first), to: iso(last + 1), minutes } };
}

function iso(minute) {
  return new Date(minute * MINUTE_MS).toISOString();
}

function round(value) {
  return Math.round(value * 10_000) / 10_000;
}
