import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";

export type Token = inferRouterOutputs<AppRouter>["tokens"]["list"]["items"][number];
export type TokenRole = inferRouterInputs<AppRouter>["tokens"]["create"]["roles"][number];

export const tokenRoles: readonly TokenRole[] = ["runner", "deployer", "observer", "ci"];

/** Days that are offered; a year at most. */
export const LIFETIMES_DAYS = [7, 30, 90, 365] as const;

const DAY_MS = 86_400_000;
/** From here on a token's end is near enough to say so. */
export const SOON_DAYS = 14;

/** Whole days until it ends, when that is soon; null otherwise. Pure. */
export function endsSoonDays({ state, expiresAt }: Pick<Token, "state" | "expiresAt">, now: number): number | null {
  if (state !== "live") return null;
  const left = Date.parse(expiresAt) - now;
  return left > SOON_DAYS * DAY_MS ? null : Math.max(0, Math.floor(left / DAY_MS));
}

/** What is tried first with a token: it asks for something that every role may. `registry` null: the reader puts their own address. Pure. */
export function firstCall(secret: string, registry: string | null): string {
  return `curl -H "Authorization: Bearer ${secret}" "${registry ?? "$REGISTRY"}/v1/templates"`;
}
