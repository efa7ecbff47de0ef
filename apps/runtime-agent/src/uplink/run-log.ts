/**
 * What one run prints, as entries for the gateway: text gathered for a moment so that a thousand short lines are not a thousand
 * entries, cut at line ends, each at most {@link LOG_TEXT_BYTES_MAX} bytes. Entries of a run are numbered from 0 without gaps.
 */
import { StringDecoder } from "node:string_decoder";
import { type Hold, LOG_TEXT_BYTES_MAX } from "@agent-factory/protocol";
import type { PrintStream } from "../pool/execution.ts";
import type { LogEntry } from "./outbox.ts";

const GATHER_MS = 50;
/** Partial results are entries of their own; more than this many of a run are dropped. */
const ENTRIES_MAX = 20_000;

export class RunLog {
  readonly #hold: Hold;
  readonly #put: (entry: LogEntry) => boolean;
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  #stream: LogEntry["stream"] = "stdout";
  #text = "";
  #at = 0;
  #seq = 0;
  #timer: NodeJS.Timeout | null = null;
  #bytesDropped = 0;

  constructor(hold: Hold, put: (entry: LogEntry) => boolean) {
    this.#hold = { runId: hold.runId, attempt: hold.attempt, fence: hold.fence };
    this.#put = put;
  }

  /** Bytes that found no place here or in the outbox. */
  get bytesDropped(): number {
    return this.#bytesDropped;
  }

  print(stream: PrintStream, bytes: Buffer): void {
    if (stream === "partial") {
      this.flush();
      this.#entry("partial", bytes.toString("utf8"));
      return;
    }
    const text = stream === "log" ? `${bytes.toString("utf8")}\n` : this.#decoders[stream].write(bytes);
    if (stream !== this.#stream) {
      this.flush();
      this.#stream = stream;
    }
    if (this.#text === "") this.#at = Date.now();
    this.#text += text;
    if (this.#text.length >= LOG_TEXT_BYTES_MAX) this.#cut(false);
    if (this.#text !== "") this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** The host speaking in the run's log. */
  say(text: string): void {
    this.flush();
    this.#entry("system", text.slice(0, LOG_TEXT_BYTES_MAX / 4));
  }

  /** Puts what was gathered, also a line without its end. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#cut(true);
  }

  #cut(all: boolean): void {
    while (this.#text !== "") {
      let piece = this.#text.slice(0, LOG_TEXT_BYTES_MAX);
      while (Buffer.byteLength(piece) > LOG_TEXT_BYTES_MAX)
        piece = piece.slice(0, Math.floor((piece.length * LOG_TEXT_BYTES_MAX) / Buffer.byteLength(piece)) - 1);
      const lineEnd = piece.lastIndexOf("\n");
      const whole = piece.length === this.#text.length;
      if (whole && !all) return;
      if (!whole && lineEnd >= 0) piece = piece.slice(0, lineEnd + 1);
      else if (!whole && /[\ud800-\udbff]$/.test(piece)) piece = piece.slice(0, -1);
      this.#text = this.#text.slice(piece.length);
      this.#entry(this.#stream, piece.endsWith("\n") ? piece.slice(0, -1) : piece, this.#at);
    }
  }

  #entry(stream: LogEntry["stream"], text: string, at = Date.now()): void {
    const fits = this.#seq < ENTRIES_MAX || stream === "system";
    if (fits && this.#put({ ...this.#hold, seq: this.#seq, at, stream, text })) this.#seq += 1;
    else this.#bytesDropped += Buffer.byteLength(text);
  }
}
