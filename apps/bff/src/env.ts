/** The registry's environment: the only reader of process.env. A wrong one ends the process with every problem named. */
import { loadEnv } from "@agent-factory/process/env";
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, "must be a postgresql:// address");
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

export const ROLES = ["api", "gateway", "worker"] as const;

const schema = z
  .object({
    NODE_ENV: z.string().default("development"),
    /** Role af_tenant: row-level security is forced on it. */
    DATABASE_URL_TENANT: postgresUrl,
    /** Role af_system: for loops and platform acts. */
    DATABASE_URL_SYSTEM: postgresUrl,
    /** Role of the owner. Given: migrations are applied at start. Not given: somebody else applies them. */
    DATABASE_URL_OWNER: postgresUrl.optional(),
    REDIS_URL: z.string().regex(/^rediss?:\/\//, "must be a redis:// address"),
    /** Where the file adapter keeps blobs. */
    BLOB_DIR: z.string().min(1),
    /** The host authority's key and, with DEMO, the local agent's join token. Mode 0700. */
    STATE_DIR: z.string().min(1),
    /** Base64 of 32 bytes: private keys are sealed under it. Not given: a file in STATE_DIR, made at the first start. */
    KEY_ENCRYPTION_KEY: z
      .string()
      .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, "must be the base64 of 32 bytes")
      .optional(),
    /** A tree of the transparency log that is closed for good at this start: the way out when the database is behind it. */
    LOG_GIVE_UP: z
      .string()
      .regex(/^\d{1,19}$/, "must be the number of a tree")
      .optional(),
    BFF_HOST: z.string().default("127.0.0.1"),
    BFF_PORT: port.default(4100),
    GATEWAY_HOST: z.string().default("127.0.0.1"),
    GATEWAY_PORT: port.default(4200),
    /** Names and addresses that hosts may reach the gateway by; they stand in its certificate. */
    GATEWAY_NAMES: list.prefault("localhost,127.0.0.1"),
    /** Where `/metrics` is told, with `/healthz` and `/readyz`: a port that nobody but the platform's own people reaches. Not given: nowhere. */
    METRICS_HOST: z.string().default("127.0.0.1"),
    METRICS_PORT: port.optional(),
    TRUST_DOMAIN: z
      .string()
      .regex(/^[a-z0-9.-]+$/)
      .default("agent-factory.local"),
    OIDC_ISSUER: z.url().default("http://127.0.0.1:4300"),
    OIDC_AUDIENCE: z.string().min(1).default("urn:bff"),
    BFF_ROLES: list.pipe(z.array(z.enum(ROLES)).min(1)).prefault("api,gateway,worker"),
    /** What one token, or one person, may ask of the public API; a tenth of it at once. */
    API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(10).max(1_000_000).default(3_000),
    /** Seeds the demo tenants at start. */
    DEMO: z.stringbool().default(false),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  })
  .refine((env) => env.NODE_ENV !== "production" || !env.DEMO, { path: ["DEMO"], message: "the demo tenants have no place in production" });

export type Env = z.infer<typeof schema>;

export function readEnv(source?: NodeJS.ProcessEnv): Env {
  return loadEnv(schema, source);
}
