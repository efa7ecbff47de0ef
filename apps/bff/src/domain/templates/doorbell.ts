/** Wakes its waiter at a ring, an abort, or after a while. A ring while nobody waits is remembered. */
export function doorbell(signal: AbortSignal): { ring(): void; next(timeoutMs: number): Promise<void> } {
  let rang = false;
  let wake: (() => void) | null = null;
  const ring = () => {
    rang = true;
    wake?.();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    next: async (timeoutMs) => {
      if (!rang && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rang = false;
      wake = null;
    },
  };
}
