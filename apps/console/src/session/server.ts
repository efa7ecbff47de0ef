import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import { env } from "../env.ts";
import { readSessionCookie, sessionCookieName } from "./session-cookie.ts";
import type { Tokens } from "./tokens.ts";

/** The tokens of this request's person, or null. The front door (proxy.ts) has renewed them already. */
export const getTokens = cache(async (): Promise<Tokens | null> => {
  // Cookies first: they tell the build that this belongs to a request, before the environment is asked for.
  const jar = await cookies();
  const { CONSOLE_URL, NEXTAUTH_SECRET } = env();
  return readSessionCookie(jar, sessionCookieName(CONSOLE_URL), NEXTAUTH_SECRET);
});
