"use client";
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { setCookie } from "./cookie.ts";
import { applyTheme, THEME_COOKIE, type Theme } from "./theme-choice.ts";

const ThemeContext = createContext<{ theme: Theme; setTheme: (theme: Theme) => void } | null>(null);

/** The theme chosen by the reader. The page arrives in it (see the script of the root layout); here it is changed, and follows the system. */
export function ThemeProvider({ initial, children }: { initial: Theme; children: ReactNode }): ReactNode {
  const [theme, setTheme] = useState(initial);
  useEffect(() => {
    applyTheme(theme);
    if (theme !== "system") return;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => applyTheme("system");
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [theme]);
  const value = useMemo(
    () => ({
      theme,
      setTheme(next: Theme) {
        setCookie(THEME_COOKIE, next);
        setTheme(next);
      },
    }),
    [theme],
  );
  return <ThemeContext value={value}>{children}</ThemeContext>;
}

export function useTheme() {
  const found = use(ThemeContext);
  if (!found) throw new Error("useTheme needs a ThemeProvider above it");
  return found;
}
