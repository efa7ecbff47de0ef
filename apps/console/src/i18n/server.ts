import "server-only";
import { cookies, headers } from "next/headers";
import { cache } from "react";
import type { Messages } from "./i18n.tsx";
import { chooseLocale, chooseTimeZone, LOCALE_COOKIE, type Locale, TIME_ZONE_COOKIE } from "./locale.ts";

/** The language of this request: cookie, else `Accept-Language`, else English. */
export const getLocale = cache(async (): Promise<Locale> => {
  const [jar, head] = await Promise.all([cookies(), headers()]);
  return chooseLocale(jar.get(LOCALE_COOKIE)?.value, head.get("accept-language"));
});

/** The reader's time zone as their browser told us last time; UTC on the first visit. */
export async function getTimeZone(): Promise<string> {
  return chooseTimeZone((await cookies()).get(TIME_ZONE_COOKIE)?.value);
}

/** The dictionary in the language of this request, for metadata and server-rendered text. */
export async function getMessages<Words>(messages: Messages<Words>): Promise<Words> {
  return messages[await getLocale()];
}
