/**
 * Frames of one connection, worked off in order. Consecutive frames of one kind become one batch, so that a host that reports
 * one run a frame costs no more transactions than one that reports many. Bounded: when too much waits, the connection is told to
 * stop reading, and TCP carries that to the host.
 */
import type { HostFrame } from "@agent-factory/protocol";

export type Inbox = {
  add(frame: HostFrame, sizeBytes: number): void;
  /** Takes nothing more; resolves when everything that was added is worked off, or a frame failed. */
  finish(): Promise<void>;
};

const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const BATCH_MAX = 512;

export function createInbox({
  handle,
  failed,
  full,
}: {
  handle(frame: HostFrame): Promise<void>;
  failed(error: unknown): void;
  full(isFull: boolean): void;
}): Inbox {
  const waiting: { frame: HostFrame; sizeBytes: number }[] = [];
  let waitingBytes = 0;
  let paused = false;
  let finished = false;
  let working: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    for (let next = take(); next; next = take()) {
      try {
        await handle(next);
      } catch (error) {
        // What comes after a failed frame may build on it: it is said again on the next connection, not worked off on this one.
        waiting.length = 0;
        finished = true;
        failed(error);
      }
    }
  };

  const take = (): HostFrame | null => {
    const first = waiting.shift();
    if (!first) return null;
    waitingBytes -= first.sizeBytes;
    let batch = first.frame;
    for (let next = waiting[0]; next; next = waiting[0]) {
      const joined = join(batch, next.frame);
      if (!joined) break;
      batch = joined;
      waiting.shift();
      waitingBytes -= next.sizeBytes;
    }
    if (paused && waitingBytes < WAITING_BYTES_MAX / 2) {
      paused = false;
      full(false);
    }
    return batch;
  };

  const start = (): void => {
    working ??= work().finally(() => {
      working = null;
      if (waiting.length > 0) start();
    });
  };

  return {
    add: (frame, sizeBytes) => {
      if (finished) return;
      waiting.push({ frame, sizeBytes });
      waitingBytes += sizeBytes;
      if (!paused && waitingBytes > WAITING_BYTES_MAX) {
        paused = true;
        full(true);
      }
      start();
    },
    finish: async () => {
      finished = true;
      while (working) await working;
    },
  };
}

/** Two frames as one, when both are of a kind that may be joined and the batch stays small. */
function join(a: HostFrame, b: HostFrame): HostFrame | null {
  if (a.t === "result" && b.t === "result" && a.results.length + b.results.length <= BATCH_MAX) {
    return { t: "result", results: [...a.results, ...b.results] };
  }
  if (a.t === "log" && b.t === "log" && a.entries.length + b.entries.length <= BATCH_MAX)
    return { t: "log", entries: [...a.entries, ...b.entries] };
  if (a.t === "started" && b.t === "started" && a.runs.length + b.runs.length <= BATCH_MAX)
    return { t: "started", runs: [...a.runs, ...b.runs] };
  if (a.t === "metrics" && b.t === "metrics" && a.epoch === b.epoch && a.batches.length + b.batches.length <= BATCH_MAX)
    return { t: "metrics", epoch: a.epoch, batches: [...a.batches, ...b.batches] };
  return null;
}
