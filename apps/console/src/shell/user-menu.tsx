"use client";
import { Menu, MenuChoices, MenuItem, MenuLabel, MenuSeparator } from "@agent-factory/ui/menu";
import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { useLocale, useMessages } from "../i18n/i18n.tsx";
import { LOCALE_COOKIE, type Locale } from "../i18n/locale.ts";
import { useViewer } from "../session/viewer.tsx";
import { setCookie } from "./cookie.ts";
import { shellMessages } from "./messages.ts";
import { useTheme } from "./theme.tsx";
import type { Theme } from "./theme-choice.ts";

export function UserMenu({ onHelp }: { onHelp: () => void }): ReactNode {
  const messages = useMessages(shellMessages);
  const { user } = useViewer();
  const { theme, setTheme } = useTheme();
  const locale = useLocale();
  const router = useRouter();
  const initials = user.name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part.slice(0, 1).toUpperCase())
    .join("");
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button type="button" className="flex h-9 items-center gap-2 rounded-sm px-2 text-left hover:bg-hover data-[state=open]:bg-hover">
          <span
            aria-hidden
            className="flex size-[22px] shrink-0 items-center justify-center rounded-full border border-line-strong bg-surface text-[10px] font-semibold text-ink-2"
          >
            {initials}
          </span>
          <span className="sr-only">{messages.account(user.name)}</span>
          <span aria-hidden className="min-w-0 flex-1 truncate font-medium">
            {user.name}
          </span>
        </button>
      }
    >
      <MenuLabel>{user.email}</MenuLabel>
      <MenuSeparator />
      <MenuChoices<Theme>
        label={messages.theme}
        value={theme}
        onValueChange={setTheme}
        choices={[
          { value: "system", label: messages.themeSystem, icon: <Monitor aria-hidden /> },
          { value: "light", label: messages.themeLight, icon: <Sun aria-hidden /> },
          { value: "dark", label: messages.themeDark, icon: <Moon aria-hidden /> },
        ]}
      />
      <MenuSeparator />
      <MenuChoices<Locale>
        label={messages.language}
        value={locale}
        onValueChange={(next) => {
          setCookie(LOCALE_COOKIE, next);
          router.refresh();
        }}
        choices={[
          { value: "en", label: <span lang="en">English</span> },
          { value: "fr", label: <span lang="fr">Français</span> },
        ]}
      />
      <MenuSeparator />
      <MenuItem icon={<Keyboard aria-hidden />} onSelect={onHelp}>
        {messages.shortcuts}
      </MenuItem>
      <MenuItem icon={<LogOut aria-hidden />} onSelect={signOut}>
        {messages.signOut}
      </MenuItem>
    </Menu>
  );
}

/** A form, not a fetch: the answer leads to the issuer, which ends its own session too. */
export function signOut(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/api/sign-out";
  document.body.append(form);
  form.submit();
}
