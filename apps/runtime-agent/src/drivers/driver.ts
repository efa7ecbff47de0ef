import type { Lease, RunResult } from "@agent-factory/protocol";
import type { RunLog } from "../uplink/run-log.ts";

/** What a driver says at the end; the host adds whose lease it was and when. */
export type Outcome = Pick<RunResult, "outcome" | "output" | "error" | "usage">;

export type DriverRun = {
  /** @throws GivenBack when nothing of the template has run. */
  readonly ended: Promise<Outcome>;
  /** Asks to stop; after `graceMs` it is stopped. Also before it has started. */
  cancel(graceMs?: number): void;
};

/** One way to run a template. */
export type Driver = {
  /** `onStarted` is called when the template's code is about to run, never when the run is given back. */
  start(lease: Lease, log: RunLog, onStarted: (handOut: { handOutMs: number; warm: boolean }) => void): DriverRun;
};

/**
 * The run did not begin and may go to another host: it costs no attempt. The message says why. `restMs`: the fault is this host's own, so
 * it takes no work for that long and leaves it to hosts that are well.
 */
export class GivenBack extends Error {
  override readonly name = "GivenBack";
  readonly restMs: number;
  constructor(message: string, { restMs = 0, ...options }: ErrorOptions & { restMs?: number } = {}) {
    super(message, options);
    this.restMs = restMs;
  }
}
