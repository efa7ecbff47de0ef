/** What a view needs of Redis: to hear when to look again. Called with every message until the returned function is called. */
export type Bells = { readonly subscriber: { on(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> } };

export type Doorbell = {
  ring(): void;
  /** Until the next ring, the end, or the time is over. A ring while nobody waited counts. */
  next(timeoutMs: number): Promise<void>;
  /** Until the end or the time is over, whoever rings. */
  pause(timeoutMs: number): Promise<void>;
};

/** Wakes one waiter: at a ring, when `signal` aborts, or after a while. */
export function doorbell(signal: AbortSignal): Doorbell {
  let rang = false;
  let wake: (() => void) | null = null;
  const wait = (timeoutMs: number, armed: () => boolean) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        wake = null;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      wake = () => {
        if (signal.aborted || armed()) done();
      };
      wake();
    });
  signal.addEventListener("abort", () => wake?.(), { once: true });
  return {
    ring: () => {
      rang = true;
      wake?.();
    },
    next: async (timeoutMs) => {
      await wait(timeoutMs, () => rang);
      rang = false;
    },
    pause: (timeoutMs) => wait(timeoutMs, () => false),
  };
}
