import { readFileSync, renameSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type ChildProcess, type ChildSpec, startChild, until } from "@agent-factory/testkit/child-process";
import { Problem } from "./terminal.ts";

/**
 * A program of the product, started again when it ends by itself.
 *
 *   starting -> ready -> (ended by itself: waits, starts again; too often: gives up) -> stopping -> gone
 */
export type Supervised = { readonly name: string; pid(): number; stop(): Promise<void> };

export type SupervisedSpec = ChildSpec & {
  logFile: string;
  recordFile: string;
  /** Asked until it holds, before the start counts as done. */
  ready: () => Promise<boolean>;
  readyTimeoutMs: number;
  /** Ends the wait. */
  signal?: AbortSignal;
  /** The first wait before starting again; it doubles each time. */
  backoffMs?: number;
  /** Called with a sentence when the program ended by itself, and whether it is started again. */
  onEnd: (sentence: string, again: boolean) => void;
};

const TRIES = 5;
const WITHIN_MS = 60_000;
const LOG_BYTES = 20 * 1024 * 1024;

export async function supervise(spec: SupervisedSpec): Promise<Supervised> {
  rotate(spec.logFile);
  let stopping = false;
  let ends: number[] = [];
  let child: ChildProcess = await startChild(spec);
  const watch = (watched: ChildProcess) => {
    void watched.exited.then(async ({ code, signal }) => {
      if (stopping) return;
      const now = Date.now();
      ends = [...ends.filter((at) => now - at < WITHIN_MS), now];
      const again = ends.length < TRIES;
      spec.onEnd(`${spec.name} ended by itself (${signal ?? `exit code ${code}`}): ${lastWords(spec.logFile)}`, again);
      if (!again) return;
      await watched.stop();
      await delay((spec.backoffMs ?? 500) * 2 ** (ends.length - 1));
      if (stopping) return;
      child = await startChild(spec);
      watch(child);
    });
  };
  try {
    await until(spec.name, spec.ready, {
      timeoutMs: spec.readyTimeoutMs,
      everyMs: 50,
      failed: () => (spec.signal?.aborted ? "the start was interrupted" : child.running() ? null : "it ended while starting"),
    });
  } catch (error) {
    await child.stop();
    spec.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(`${reason}.\n${lastWords(spec.logFile, 8)}\nIts whole log: ${spec.logFile}`);
  }
  watch(child);
  return {
    name: spec.name,
    pid: () => child.pid,
    stop() {
      stopping = true;
      return child.stop({ graceMs: 8000 });
    },
  };
}

/** The end of a log as a person reads it: messages of JSON lines, other lines as they are. */
export function lastWords(logFile: string, lines = 2): string {
  let text = "";
  try {
    text = readFileSync(logFile, "utf8");
  } catch {
    return "it left no log";
  }
  const said = text
    .slice(-16_384)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      try {
        const entry: { msg?: string; err?: { message?: string } } = JSON.parse(line);
        return [entry.msg, entry.err?.message].filter(Boolean).join(": ");
      } catch {
        return line;
      }
    });
  return said.slice(-lines).join("\n") || "it said nothing";
}

function rotate(logFile: string): void {
  try {
    if (statSync(logFile).size > LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch {
    // no log yet
  }
}

/** True when a GET of this address answers below `limit`. */
export async function answers(url: string, limit = 300): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.status < limit;
  } catch {
    return false;
  }
}
