import { loadEnv } from "@agent-factory/process/env";
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);

const schema = z
  .object({
    NODE_ENV: z.string().default("development"),
    /** This provider signs people in without a password: it must be said out loud to run it where NODE_ENV is production. */
    IDENTITY_ALLOW_IN_PRODUCTION: z.stringbool().default(false),
    IDENTITY_HOST: z.string().default("127.0.0.1"),
    IDENTITY_PORT: port.default(4300),
    IDENTITY_ISSUER: z.url().default("http://127.0.0.1:4300"),
    CONSOLE_URL: z.url().default("http://127.0.0.1:4000"),
    OIDC_CLIENT_ID: z.string().default("console"),
    OIDC_CLIENT_SECRET: z.string().min(16),
    OIDC_AUDIENCE: z.string().default("urn:bff"),
    /** How long an access token lives; end-to-end tests shorten it to see the renewal. */
    ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(5).default(600),
    /** Keys, cookie secrets and sessions; they survive a restart. */
    STATE_DIR: z.string().min(1),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  })
  .refine((env) => env.NODE_ENV !== "production" || env.IDENTITY_ALLOW_IN_PRODUCTION, {
    path: ["NODE_ENV"],
    message:
      "this is the development provider: it asks for no password. Use your own OpenID provider, or set IDENTITY_ALLOW_IN_PRODUCTION=true",
  });

export type Env = z.infer<typeof schema>;

export function readEnv(source?: NodeJS.ProcessEnv): Env {
  return loadEnv(schema, source);
}
