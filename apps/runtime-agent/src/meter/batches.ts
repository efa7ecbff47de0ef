/**
 * What this host did, in spans of some ten seconds, each a numbered batch that is kept and said again until the gateway has counted it.
 *
 *   open (the running span) -> kept -> acknowledged: gone
 *                                   -> dropped: {@link BATCHES_MAX} (an hour) wait already; the oldest goes, and the next batch counts it
 *
 * Times are spans of the steady clock: this machine's idea of the date is nobody's business.
 */
import {
  BATCHES_PER_FRAME_MAX,
  type Hold,
  type HostFrame,
  LOST_PER_BATCH_MAX,
  type MetricsBatch,
  type RunUsage,
} from "@agent-factory/protocol";

export const SPAN_MS = 10_000;
export const BATCHES_MAX = 360;
/** A machine that slept was no host meanwhile: what a span may count at most. */
const SPAN_MS_MAX = 60_000;

type Kept = { readonly batch: Omit<MetricsBatch, "ageMs">; readonly endedAt: number; sent: boolean };

export class Batches {
  readonly #slots: number;
  readonly #epoch: string;
  readonly #now: () => number;
  readonly #kept = new Map<number, Kept>();
  #seq = 0;
  #startedAt: number;
  #countedAt: number;
  #busy = 0;
  #busySlotMs = 0;
  #dropped = 0;
  #lost: MetricsBatch["lost"] = [];

  /** `now`: milliseconds of a steady clock. */
  constructor({ slots, epoch, now = () => performance.now() }: { slots: number; epoch: string; now?: () => number }) {
    this.#slots = slots;
    this.#epoch = epoch;
    this.#now = now;
    this.#startedAt = this.#countedAt = now();
  }

  /** So many slots are occupied from now on. */
  occupy(slots: number): void {
    this.#advance();
    this.#busy = slots;
  }

  /** What an attempt used whose lease is gone. Beyond a batch's bound it is not kept. */
  addLost({ runId, attempt, fence }: Hold, { durationMs, cpuMs, memoryBytesPeak }: RunUsage): void {
    if (durationMs === 0 && cpuMs === 0) return;
    if (this.#lost.length < LOST_PER_BATCH_MAX) this.#lost.push({ runId, attempt, fence, durationMs, cpuMs, memoryBytesPeak });
  }

  /** Ends the span and keeps its batch. */
  close(): void {
    this.#advance();
    const now = this.#countedAt;
    const spanMs = Math.min(now - this.#startedAt, SPAN_MS_MAX);
    while (this.#kept.size >= BATCHES_MAX) {
      const [oldest] = this.#kept.keys();
      if (oldest === undefined) break;
      // A dropped batch may itself have counted some.
      this.#dropped += 1 + (this.#kept.get(oldest)?.batch.batchesDropped ?? 0);
      this.#kept.delete(oldest);
    }
    const slotMs = this.#slots * spanMs;
    const batch = {
      seq: this.#seq,
      spanMs,
      slotMs,
      busySlotMs: Math.min(this.#busySlotMs, slotMs),
      batchesDropped: this.#dropped,
      lost: this.#lost,
    };
    this.#kept.set(this.#seq, { batch, endedAt: now, sent: false });
    this.#seq += 1;
    this.#startedAt = now;
    this.#busySlotMs = 0;
    this.#dropped = 0;
    this.#lost = [];
  }

  /** A new connection: what was not acknowledged is said again. */
  restart(): void {
    for (const kept of this.#kept.values()) kept.sent = false;
  }

  acknowledge({ epoch, seqs }: { epoch: string; seqs: readonly number[] }): void {
    if (epoch === this.#epoch) for (const seq of seqs) this.#kept.delete(seq);
  }

  get empty(): boolean {
    return this.#kept.size === 0;
  }

  /** The next frame to send, or null when all is said. */
  next(): (HostFrame & { t: "metrics" }) | null {
    const now = this.#now();
    const batches: MetricsBatch[] = [];
    for (const kept of this.#kept.values()) {
      if (kept.sent) continue;
      if (batches.length >= BATCHES_PER_FRAME_MAX) break;
      kept.sent = true;
      batches.push({ ...kept.batch, ageMs: Math.max(0, now - kept.endedAt) });
    }
    return batches.length > 0 ? { t: "metrics", epoch: this.#epoch, batches } : null;
  }

  #advance(): void {
    const now = this.#now();
    this.#busySlotMs += this.#busy * (now - this.#countedAt);
    this.#countedAt = now;
  }
}
