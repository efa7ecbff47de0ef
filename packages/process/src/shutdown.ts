import type { Logger } from "./logger.ts";

export type Shutdown = {
  /** Registers what must be closed; whatever was opened last is closed first. */
  add(name: string, close: () => Promise<void>): void;
  /** Closes everything once, in reverse order. Every later call gets the same promise. Never rejects. */
  run(reason: string): Promise<void>;
  /** SIGINT and SIGTERM run the shutdown and exit 0 (1 when something did not close in time); a second signal exits at once. */
  install(): void;
};

/**
 * Ordered shutdown: each part gets what is left of `graceMs`, at least a tenth of it; a part that hangs or throws is logged and
 * passed over, so that one stuck connection cannot keep the others open.
 */
export function createShutdown(options: {
  logger: Pick<Logger, "info" | "error">;
  graceMs: number;
  exit?: (code: number) => void;
}): Shutdown {
  const { logger, graceMs } = options;
  const exit = options.exit ?? ((code: number) => process.exit(code));
  const parts: { name: string; close: () => Promise<void> }[] = [];
  let running: Promise<void> | undefined;
  let clean = true;

  async function closeAll(reason: string): Promise<void> {
    const started = performance.now();
    logger.info({ reason }, "shutting down");
    for (let part = parts.pop(); part; part = parts.pop()) {
      const leftMs = Math.max(graceMs / 10, graceMs - (performance.now() - started));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`did not close within ${Math.round(leftMs)} ms`)), leftMs);
      });
      try {
        await Promise.race([part.close(), late]);
      } catch (error) {
        clean = false;
        logger.error({ part: part.name, err: error }, "a part did not close");
      } finally {
        clearTimeout(timer);
      }
    }
    logger.info({ ms: Math.round(performance.now() - started) }, "shut down");
  }

  const run = (reason: string) => {
    running ??= closeAll(reason);
    return running;
  };

  return {
    add(name, close) {
      parts.push({ name, close });
    },
    run,
    install() {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.on(signal, () => {
          if (running) return exit(1);
          void run(signal).then(() => exit(clean ? 0 : 1));
        });
      }
    },
  };
}
