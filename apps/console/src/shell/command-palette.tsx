"use client";
import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { GitBranch, Keyboard, Languages, LayoutTemplate, LogOut, Moon, Search, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useLocale, useMessages } from "../i18n/i18n.tsx";
import { LOCALE_COOKIE } from "../i18n/locale.ts";
import { useViewer } from "../session/viewer.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { setCookie } from "./cookie.ts";
import { shellMessages } from "./messages.ts";
import { places } from "./navigation.ts";
import { useTheme } from "./theme.tsx";
import { signOut } from "./user-menu.tsx";

const row =
  "flex h-9 cursor-default items-center gap-2.5 rounded-sm px-2.5 outline-none data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-3";
const group =
  "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3";

/** Ctrl/⌘ K: go anywhere, find a template, change what is around the page. */
export function CommandPalette({
  open,
  onOpenChange,
  onHelp,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onHelp: () => void;
}): ReactNode {
  const messages = useMessages(shellMessages);
  const viewer = useViewer();
  const router = useRouter();
  const locale = useLocale();
  const { setTheme } = useTheme();
  const trpc = useTRPC();
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim());
  const templates = useQuery(
    trpc.templates.list.queryOptions(query === "" ? {} : { query }, {
      enabled: open && viewer.can("templates.list").allowed,
      placeholderData: (before) => before,
    }),
  );
  const run = (act: () => void) => () => {
    onOpenChange(false);
    setTyped("");
    act();
  };
  return (
    <Command.Dialog
      open={open}
      onOpenChange={onOpenChange}
      label={messages.paletteLabel}
      loop
      overlayClassName="fixed inset-0 z-40 bg-scrim"
      contentClassName="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-32px)] max-w-xl -translate-x-1/2 animate-appear overflow-hidden rounded-md border border-line-strong bg-surface shadow-raised outline-none"
    >
      <div className="flex items-center gap-2.5 border-b border-line px-4">
        <Search aria-hidden className="size-4 text-ink-3" />
        <Command.Input
          value={typed}
          onValueChange={setTyped}
          placeholder={messages.palettePlaceholder}
          className="h-11 flex-1 bg-transparent text-lg outline-none"
        />
      </div>
      <Command.List className="max-h-[50dvh] overflow-y-auto p-1.5">
        <Command.Empty className="px-2.5 py-6 text-center text-ink-3">{messages.paletteNothing}</Command.Empty>
        <Command.Group heading={messages.paletteGo} className={group}>
          {places
            .filter(({ action }) => action === null || viewer.can(action).allowed)
            .map(({ name, href, Icon }) => (
              <Command.Item
                key={name}
                value={`${messages.paletteGo} ${messages[name]}`}
                onSelect={run(() => router.push(href))}
                className={row}
              >
                <Icon aria-hidden />
                {messages[name]}
              </Command.Item>
            ))}
        </Command.Group>
        {templates.data === undefined || templates.data.items.length === 0 ? null : (
          <Command.Group heading={messages.paletteTemplates} className={group}>
            {templates.data.items.slice(0, 8).map((template) => (
              <Command.Item
                key={template.id}
                value={`${template.name} ${template.title} ${template.description}`}
                onSelect={run(() => router.push(`/templates/${template.name}`))}
                className={row}
              >
                <LayoutTemplate aria-hidden />
                <span className="font-medium">{template.name}</span>
                <span className="min-w-0 flex-1 truncate text-sm text-ink-3">{template.description}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading={messages.paletteActions} className={group}>
          {viewer.can("rollouts.start").allowed ? (
            <Command.Item value={messages.paletteStartRollout} onSelect={run(() => router.push("/rollouts?start="))} className={row}>
              <GitBranch aria-hidden />
              {messages.paletteStartRollout}
            </Command.Item>
          ) : null}
          <Command.Item value={`${messages.theme} ${messages.themeLight}`} onSelect={run(() => setTheme("light"))} className={row}>
            <Sun aria-hidden />
            {messages.themeTo(messages.themeLight)}
          </Command.Item>
          <Command.Item value={`${messages.theme} ${messages.themeDark}`} onSelect={run(() => setTheme("dark"))} className={row}>
            <Moon aria-hidden />
            {messages.themeTo(messages.themeDark)}
          </Command.Item>
          <Command.Item
            value={`${messages.language} English Français`}
            onSelect={run(() => {
              setCookie(LOCALE_COOKIE, locale === "en" ? "fr" : "en");
              router.refresh();
            })}
            className={row}
          >
            <Languages aria-hidden />
            {messages.languageTo(locale === "en" ? "Français" : "English")}
          </Command.Item>
          <Command.Item value={messages.shortcuts} onSelect={run(onHelp)} className={row}>
            <Keyboard aria-hidden />
            {messages.shortcuts}
          </Command.Item>
          <Command.Item value={messages.signOut} onSelect={run(signOut)} className={row}>
            <LogOut aria-hidden />
            {messages.signOut}
          </Command.Item>
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
