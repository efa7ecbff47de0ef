"use client";
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { createFormat, type Format } from "./format.ts";
import { type Locale, TIME_ZONE_COOKIE } from "./locale.ts";

type Reader = { readonly locale: Locale; readonly timeZone: string; readonly now: number; readonly format: Format };
const LocaleContext = createContext<Reader | null>(null);

const YEAR_SECONDS = 365 * 24 * 3600;

/**
 * Language, time zone and clock of the reader. The first render uses what the server used (its clock, the zone of the cookie),
 * so that both write the same text; right after it the browser's own zone and clock take over.
 */
export function LocaleProvider({
  locale,
  timeZone,
  now,
  children,
}: {
  locale: Locale;
  timeZone: string;
  now: number;
  children: ReactNode;
}): ReactNode {
  const [zone, setZone] = useState(timeZone);
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (own !== timeZone) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser we serve
      document.cookie = `${TIME_ZONE_COOKIE}=${own}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
      setZone(own);
    }
    const tick = () => setMoment(Date.now());
    tick();
    const timer = setInterval(tick, 5_000);
    return () => clearInterval(timer);
  }, [timeZone]);
  const reader = useMemo(
    () => ({ locale, timeZone: zone, now: moment, format: createFormat(locale, zone, moment) }),
    [locale, zone, moment],
  );
  return <LocaleContext value={reader}>{children}</LocaleContext>;
}

export function useReader(): Reader {
  const reader = use(LocaleContext);
  if (!reader) throw new Error("useLocale, useMessages and useFormat need a LocaleProvider above them");
  return reader;
}
