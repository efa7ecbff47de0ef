/**
 * The warm pool: sandboxes that are started before anyone asks. `create` takes one, sets the run's limits on its cgroup and sends
 * the run; a sandbox serves once and is destroyed. The next one is started only after the hand-out is over, by another process.
 *
 * Each sandbox is counted from launch to destruction: `launched = warm + running + destroying + destroyed`, always.
 */
import type { Logger } from "@agent-factory/process/logger";
import { Execution, type Job } from "./execution.ts";
import type { Sandbox, SandboxDriver } from "./sandbox.ts";

export type HandedOut = {
  readonly execution: Execution;
  /** From the call of `create` until the code was loaded in the sandbox. */
  readonly handOutMs: number;
  /** False when it had to wait for a start. */
  readonly warm: boolean;
  /** The pool's running number of the sandbox. */
  readonly generation: number;
};

export type PoolAccounts = {
  readonly launched: number;
  readonly warm: number;
  readonly running: number;
  readonly destroying: number;
  readonly destroyed: number;
  /** Sandboxes that would not go; each was logged. */
  readonly leaked: number;
  /** Warm ones that ended by themselves. */
  readonly crashed: number;
  readonly launchFailures: number;
  readonly warmHits: number;
  readonly warmMisses: number;
  readonly handOutMsP50: number | null;
  readonly handOutMsP99: number | null;
};

export type Pool = {
  /** Starts warming; `create` works without it, but cold. */
  start(): void;
  /** Resolves when the code is loaded. @throws when no sandbox can be started or the pool is closed: nothing has run then. */
  create(job: Job): Promise<HandedOut>;
  /** Resolves when as many are warm as should be. */
  whenWarm(): Promise<void>;
  accounts(): PoolAccounts;
  /** Ends what runs, destroys everything. Afterwards no process and no cgroup is left. */
  close(): Promise<void>;
};

type Held = { readonly sandbox: Sandbox; readonly generation: number };
type Waiter = { resolve: (held: Held) => void; reject: (error: Error) => void };

const SAMPLES = 512;
const BACKOFF_MS_MAX = 30_000;
const BACKOFF_MS_MIN = 100;
/** A hand-out is often followed by another: starts wait this long from the first gap, unless nothing warm is left. */
const REFILL_DELAY_MS = 50;
/** A create waits through this many failed starts before it is told. */
const START_FAILURES_MAX = 2;

export function createPool(options: {
  driver: SandboxDriver;
  warmTarget: number;
  logger: Pick<Logger, "info" | "warn" | "error">;
  /** Starts at a time while nobody waits. */
  parallelStarts?: number;
  onWarm?: () => void;
}): Pool {
  const { driver, warmTarget, logger } = options;
  const parallelStarts = options.parallelStarts ?? 1;
  const warm: Held[] = [];
  const waiters: Waiter[] = [];
  const running = new Map<Execution, Held>();
  const handOuts: number[] = [];
  const count = { launched: 0, destroying: 0, destroyed: 0, leaked: 0, crashed: 0, launchFailures: 0, warmHits: 0, warmMisses: 0 };
  let generation = 0;
  let starting = 0;
  let failuresInARow = 0;
  let gap: NodeJS.Timeout | null = null;
  let retry: NodeJS.Timeout | null = null;
  let warming = false;
  let closed = false;
  let handingOut = 0;
  let wanted: (() => void)[] = [];
  const starts = new Set<Promise<void>>();
  const destructions = new Set<Promise<void>>();

  function refill(): void {
    if (closed || retry) return;
    const missing = waiters.length + (warming ? warmTarget - warm.length : 0) - starting;
    // A hand-out in progress has the processor to itself; whoever waits for a start has not.
    const quiet = handingOut === 0 && (warm.length === 0 || gap === null);
    const room = waiters.length > 0 ? waiters.length - starting : quiet ? parallelStarts - starting : 0;
    for (let i = Math.min(missing, room); i > 0; i -= 1) {
      const started: Promise<void> = start().finally(() => starts.delete(started));
      starts.add(started);
    }
  }

  function refillSoon(): void {
    gap ??= setTimeout(() => {
      gap = null;
      refill();
    }, REFILL_DELAY_MS);
    refill();
  }

  async function start(): Promise<void> {
    starting += 1;
    try {
      const held: Held = { sandbox: await driver.launch(), generation: ++generation };
      count.launched += 1;
      failuresInARow = 0;
      if (closed) return discard(held);
      const waiter = waiters.shift();
      if (waiter) waiter.resolve(held);
      else keepWarm(held);
    } catch (error) {
      count.launchFailures += 1;
      backOff(error as Error);
    } finally {
      starting -= 1;
      refill();
    }
  }

  function keepWarm(held: Held): void {
    warm.push(held);
    options.onWarm?.();
    if (warm.length >= warmTarget) {
      for (const done of wanted) done();
      wanted = [];
    }
    void held.sandbox.exited.then((exit) => {
      const at = warm.indexOf(held);
      if (at < 0) return;
      warm.splice(at, 1);
      count.crashed += 1;
      discard(held);
      backOff(new Error(`A warm sandbox ended by itself (exit ${exit.code ?? exit.signal}): ${exit.stderrTail.trim()}`));
    });
  }

  function backOff(error: Error): void {
    if (closed) return;
    failuresInARow += 1;
    logger.warn({ err: error, failuresInARow }, "a sandbox did not start or did not stay");
    if (failuresInARow >= START_FAILURES_MAX) for (const waiter of waiters.splice(0)) waiter.reject(error);
    retry ??= setTimeout(
      () => {
        retry = null;
        refill();
      },
      Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failuresInARow - 1)),
    );
  }

  function discard(held: Held): void {
    count.destroying += 1;
    const destruction = held.sandbox
      .destroy()
      .catch((error: Error) => {
        count.leaked += 1;
        logger.error({ err: error, generation: held.generation }, "a sandbox could not be destroyed");
      })
      .then(() => {
        count.destroying -= 1;
        count.destroyed += 1;
        destructions.delete(destruction);
      });
    destructions.add(destruction);
  }

  async function take(): Promise<{ held: Held; hit: boolean }> {
    const held = warm.shift();
    if (held) {
      count.warmHits += 1;
      return { held, hit: true };
    }
    count.warmMisses += 1;
    const waiter = Promise.withResolvers<Held>();
    waiters.push(waiter);
    refill();
    return { held: await waiter.promise, hit: false };
  }

  return {
    start() {
      warming = true;
      refill();
    },
    async create(job) {
      if (closed) throw new Error("The pool is closed.");
      const asked = performance.now();
      handingOut += 1;
      try {
        const { held, hit } = await take();
        let execution: Execution;
        try {
          execution = new Execution(held.sandbox, job);
        } catch (error) {
          discard(held);
          throw error;
        }
        running.set(execution, held);
        void execution.ended.then(() => {
          running.delete(execution);
          discard(held);
        });
        await execution.loaded;
        const handOutMs = performance.now() - asked;
        if (hit) {
          handOuts.push(handOutMs);
          if (handOuts.length > SAMPLES) handOuts.shift();
        }
        return { execution, handOutMs, warm: hit, generation: held.generation };
      } finally {
        handingOut -= 1;
        refillSoon();
      }
    },
    whenWarm: () => (warm.length >= warmTarget ? Promise.resolve() : new Promise((resolve) => wanted.push(resolve))),
    accounts() {
      const sorted = handOuts.toSorted((a, b) => a - b);
      const percentile = (share: number): number | null =>
        sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? null;
      return { ...count, warm: warm.length, running: running.size, handOutMsP50: percentile(0.5), handOutMsP99: percentile(0.99) };
    },
    async close() {
      closed = true;
      for (const timer of [retry, gap]) if (timer) clearTimeout(timer);
      for (const waiter of waiters.splice(0)) waiter.reject(new Error("The pool is closed."));
      for (const held of warm.splice(0)) discard(held);
      const ends = [...running.keys()].map((execution) => {
        execution.cancel(0);
        return execution.ended;
      });
      await Promise.all([...ends, ...starts]);
      await Promise.all([...destructions]);
      await driver.close();
      const { sandboxes, groups } = await driver.held();
      if (sandboxes + groups.length > 0) logger.error({ sandboxes, groups }, "the pool left something behind");
    },
  };
}
