import { type Logger as PinoLogger, pino } from "pino";
import { currentTraceId } from "./tracing.ts";

export type Logger = PinoLogger;
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** Names whose values never reach a log line, wherever one level deep they stand. */
const SECRET_NAMES = ["authorization", "cookie", "password", "secret", "token", "joinToken", "clientSecret", "privateKey"];

/**
 * JSON lines on standard output: `{"level":"info","time":"…Z","app":"bff","traceId":"…","msg":"…"}`.
 * The trace id comes from the running trace; secrets are replaced by their field name, not by trust in the caller.
 */
export function createLogger(options: { app: string; level?: LogLevel; destination?: { write(line: string): void } }): Logger {
  const settings = {
    level: options.level ?? "info",
    base: { app: options.app },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: "[secret]" },
    mixin: () => {
      const traceId = currentTraceId();
      return traceId === undefined ? {} : { traceId };
    },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
