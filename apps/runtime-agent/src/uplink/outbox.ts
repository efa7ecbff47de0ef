/**
 * What this host still has to say. Results stay until the gateway acknowledges them and are said again on every new connection;
 * log lines are said once. The lines of a run leave before its result. Everything is bounded; what no longer fits is counted.
 */
import { type Hold, type HostFrame, LEASES_PER_FRAME_MAX, LOG_ENTRIES_PER_FRAME_MAX, type RunResult } from "@agent-factory/protocol";

export type LogEntry = (HostFrame & { t: "log" })["entries"][number];
type Started = (HostFrame & { t: "started" })["runs"][number];
type Refused = (HostFrame & { t: "refuse" })["runs"][number];

/** Lines that wait for a connection, all runs together. */
export const LOG_QUEUE_BYTES_MAX = 16 * 1024 * 1024;
/** Well below the largest frame. */
const FRAME_BYTES_GOAL = 512 * 1024;

export const keyOf = (hold: Hold): string => `${hold.runId} ${hold.attempt} ${hold.fence}`;

export class Outbox {
  readonly #results = new Map<string, { result: RunResult; sent: boolean }>();
  #started: Started[] = [];
  #refused: Refused[] = [];
  #log: { entry: LogEntry; bytes: number }[] = [];
  #logBytes = 0;

  addStarted(started: Started): void {
    this.#started.push(started);
  }

  addRefused(refused: Refused): void {
    this.#refused.push(refused);
  }

  addResult(result: RunResult): void {
    this.#results.set(keyOf(result), { result, sent: false });
  }

  /** False when the queue is full and the entry was not taken. */
  addLog(entry: LogEntry): boolean {
    const bytes = Buffer.byteLength(entry.text) + 100;
    if (this.#logBytes + bytes > LOG_QUEUE_BYTES_MAX) return false;
    this.#log.push({ entry, bytes });
    this.#logBytes += bytes;
    return true;
  }

  /** A new connection: whatever was not acknowledged is said again, first of all which of `running` have started. */
  restart(running: readonly Started[]): void {
    this.#started = [...running];
    for (const held of this.#results.values()) held.sent = false;
  }

  /** A result that waits for its acknowledgement. */
  find(hold: Hold): RunResult | null {
    return this.#results.get(keyOf(hold))?.result ?? null;
  }

  /** The gateway has decided about these; true for those that were waiting. */
  acknowledge(hold: Hold): boolean {
    return this.#results.delete(keyOf(hold));
  }

  /** Results not acknowledged yet. */
  unacknowledged(): Hold[] {
    return [...this.#results.values()].map(({ result: { runId, attempt, fence } }) => ({ runId, attempt, fence }));
  }

  get empty(): boolean {
    return this.#results.size + this.#started.length + this.#refused.length + this.#log.length === 0;
  }

  /** The next frame to send, or null when all is said. */
  next(): HostFrame | null {
    if (this.#started.length > 0) return { t: "started", runs: this.#started.splice(0, LEASES_PER_FRAME_MAX) };
    if (this.#log.length > 0) return { t: "log", entries: this.#takeLog() };
    if (this.#refused.length > 0) return { t: "refuse", runs: this.#refused.splice(0, LEASES_PER_FRAME_MAX) };
    const results: RunResult[] = [];
    let bytes = 0;
    for (const held of this.#results.values()) {
      if (held.sent) continue;
      const { output, error } = held.result;
      const size =
        2000 + (output && "inline" in output ? Buffer.byteLength(output.inline) : 0) + (error ? JSON.stringify(error).length * 2 : 0);
      if (results.length > 0 && (results.length >= LEASES_PER_FRAME_MAX || bytes + size > FRAME_BYTES_GOAL)) break;
      held.sent = true;
      results.push(held.result);
      bytes += size;
    }
    return results.length > 0 ? { t: "result", results } : null;
  }

  #takeLog(): LogEntry[] {
    let count = 0;
    let bytes = 0;
    for (const { bytes: size } of this.#log) {
      if (count >= LOG_ENTRIES_PER_FRAME_MAX || (count > 0 && bytes + size > FRAME_BYTES_GOAL)) break;
      count += 1;
      bytes += size;
    }
    this.#logBytes -= bytes;
    return this.#log.splice(0, count).map(({ entry }) => entry);
  }
}
