/** The only reader of the environment. */
import { z } from "zod";

const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

export const environment = z.object({
  GATEWAY_URL: z.url({ protocol: /^https$/, error: "must be an https:// address" }).default("https://localhost:4200"),
  /** Needed once: at the first start, or after the certificate has run out. */
  JOIN_TOKEN: z.string().optional(),
  /** Read when there is no JOIN_TOKEN; waited for when it is not there yet. */
  JOIN_TOKEN_FILE: z.string().optional(),
  /** Key, certificate, code cache. Must be this agent's alone. */
  STATE_DIR: z.string(),
  SLOTS: count(1, 1024).default(4),
  WARM_TARGET: count(0, 1024).default(4),
  SANDBOX: z.enum(["bubblewrap", "process"]).default("bubblewrap"),
  /** `serve`: run template code although the sandbox does not confine it. */
  SANDBOX_UNPROVEN: z.enum(["refuse", "serve"]).default("refuse"),
  HEALTH_PORT: count(0, 65535).default(4210),
  SHUTDOWN_GRACE_MS: count(0, 600_000).default(5000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});
export type Environment = z.infer<typeof environment>;
