import "server-only";
import { loadEnv } from "@agent-factory/process/env";
import { z } from "zod";

const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  /** Where people reach the console; decides cookie names, redirects and which origin may change anything. */
  CONSOLE_URL: z.url().default("http://127.0.0.1:4000"),
  /** Where this server reaches the BFF; browsers never do. */
  BFF_URL: z.url().default("http://127.0.0.1:4100"),
  /** Where programs reach the registry's REST API; shown to people, and never asked by the console. */
  REGISTRY_URL: z
    .url()
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  OIDC_ISSUER: z.url().default("http://127.0.0.1:4300"),
  OIDC_CLIENT_ID: z.string().min(1).default("console"),
  OIDC_CLIENT_SECRET: z.string().min(16),
  /** What the access token must be meant for (RFC 8707). */
  OIDC_AUDIENCE: z.string().min(1).default("urn:bff"),
  /** Encrypts the session cookie. */
  NEXTAUTH_SECRET: z.string().min(32),
});

export type Env = z.infer<typeof schema>;

let loaded: Env | undefined;

/** Read at the first request, not at import: the build has no secrets. */
export function env(): Env {
  loaded ??= loadEnv(schema);
  return loaded;
}
