import "./globals.css";
import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { LocaleProvider } from "../i18n/locale-context.tsx";
import { getLocale, getTimeZone } from "../i18n/server.ts";
import { ThemeProvider } from "../shell/theme.tsx";
import { chooseTheme, THEME_COOKIE, THEME_SCRIPT } from "../shell/theme-choice.ts";

const inter = localFont({
  src: "../../../../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  weight: "100 900",
  variable: "--font-inter",
  display: "swap",
});

export const metadata: Metadata = { title: { default: "Agent Factory", template: "%s · Agent Factory" } };
export const viewport: Viewport = { width: "device-width", initialScale: 1 };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [locale, timeZone, jar, head] = await Promise.all([getLocale(), getTimeZone(), cookies(), headers()]);
  const theme = chooseTheme(jar.get(THEME_COOKIE)?.value);
  return (
    <html lang={locale} className={inter.variable} {...(theme === "system" ? {} : { "data-theme": theme })} suppressHydrationWarning>
      <head>
        {theme === "system" ? (
          // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours, allowed by the page's nonce
          <script nonce={head.get("x-nonce") ?? undefined} dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} suppressHydrationWarning />
        ) : null}
      </head>
      <body>
        <LocaleProvider key={locale} locale={locale} timeZone={timeZone} now={Date.now()}>
          <ThemeProvider initial={theme}>{children}</ThemeProvider>
        </LocaleProvider>
      </body>
    </html>
  );
}
