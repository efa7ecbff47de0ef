/**
 * One log line taken apart: when it was written, and the words of its message with obvious variables masked. Structured lines
 * (one JSON object a line, as pino and many others write) give their time and message fields.
 */
import { WILDCARD } from "./drain.mjs";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME_FIELDS = ["time", "timestamp", "ts", "@timestamp", "date"];
const MESSAGE_FIELDS = ["msg", "message", "event", "log"];
const WORDS_MAX = 200;

/** What is surely a variable, whatever its neighbours say (the domain knowledge that Drain asks for). */
const masks = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b(?:sha\d+:)?[0-9a-f]{32,128}\b/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g,
  /\b0x[0-9a-f]+\b/gi,
  /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g,
  /(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:ms|s|us|ns|m|h|%|[KMGT]i?B|B)?(?![\w])/g,
];

/** @param {string} line @returns {{ at: number | null, words: string[] }} `at` in milliseconds since the epoch */
export function readLine(line) {
  const structured = readStructured(line);
  if (structured !== null) return structured;
  const stamp = readStamp(line);
  return { at: stamp?.at ?? null, words: wordsOf(stamp === null ? line : line.slice(stamp.length)) };
}

function readStructured(line) {
  if (!line.startsWith("{") || !line.trimEnd().endsWith("}")) return null;
  try {
    const entry = JSON.parse(line);
    const message = MESSAGE_FIELDS.map((field) => entry[field]).find((value) => typeof value === "string");
    if (message === undefined) return null;
    const time = TIME_FIELDS.map((field) => entry[field]).find((value) => typeof value === "string" || typeof value === "number");
    const level = typeof entry.level === "string" ? [entry.level] : [];
    return { at: time === undefined ? null : timeOf(time), words: [...level, ...wordsOf(message)] };
  } catch {
    return null;
  }
}

function timeOf(value) {
  if (typeof value === "number") return fromEpoch(value);
  return readStamp(value)?.at ?? null;
}

/** A number of seconds or milliseconds that lies between the years 2001 and 2100. */
function fromEpoch(value) {
  if (value >= 1e9 && value < 4.2e9) return value * 1000;
  return value >= 1e12 && value < 4.2e12 ? value : null;
}

/** The time a line begins with, and how many characters it takes. Without a zone it is read as UTC; without a year as 2000. */
function readStamp(text) {
  const iso = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?\]?/.exec(text);
  if (iso) {
    const [all, day, time, fraction = "0", zone = "Z"] = iso;
    const withColon = zone === "Z" ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
    return stamp(Date.parse(`${day}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}${withColon}`), all.length);
  }
  const syslog = /^(?:<\d{1,3}>)?([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)/.exec(text);
  if (syslog && MONTHS.includes(syslog[1])) {
    const [all, month, day, hour, minute, second] = syslog;
    return stamp(Date.UTC(2000, MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second)), all.length);
  }
  const common = /^(\S+ \S+ \S+ )\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\]/.exec(text);
  if (common && MONTHS.includes(common[3])) {
    const [, , day, month, year, time, hours, minutes] = common;
    // The stamp of an access log stands behind the client's address: the line keeps both, masked.
    return stamp(Date.parse(`${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, "0")}-${day}T${time}${hours}:${minutes}`), 0);
  }
  const epoch = /^\[?(\d{10}|\d{13}|\d{10}\.\d{1,6})\]?(?=\s)/.exec(text);
  return epoch ? stamp(fromEpoch(Number(epoch[1])), epoch[0].length) : null;
}

function stamp(at, length) {
  return at === null || Number.isNaN(at) ? null : { at, length };
}

function wordsOf(message) {
  let masked = message;
  for (const mask of masks) masked = masked.replace(mask, WILDCARD);
  return masked.split(/\s+/).filter(Boolean).slice(0, WORDS_MAX);
}
