"use client";
import { IconButton } from "@agent-factory/ui/button";
import { loadDialogFrame } from "@agent-factory/ui/dialog";
import { Kbd } from "@agent-factory/ui/kbd";
import { loadMenuPanel } from "@agent-factory/ui/menu";
import { Toaster } from "@agent-factory/ui/toast";
import { TooltipProvider } from "@agent-factory/ui/tooltip";
import { whenIdle } from "@agent-factory/ui/when-idle";
import { clsx } from "clsx";
import { Menu as MenuIcon, Search, X } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect, useState } from "react";
import { loadFailureSentences } from "../i18n/failures.ts";
import { useMessages } from "../i18n/i18n.tsx";
import { SessionExpired } from "../session/session-expired.tsx";
import { useViewer } from "../session/viewer.tsx";
import { Connection } from "./connection.tsx";
import { shellMessages } from "./messages.ts";
import { ModifierKey } from "./modifier-key.tsx";
import { isAt, type Place, places } from "./navigation.ts";
import { TenantSwitcher } from "./tenant-switcher.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { UserMenu } from "./user-menu.tsx";

const ShortcutHelp = dynamic(() => import("./shortcut-help.tsx").then((loaded) => loaded.ShortcutHelp), { ssr: false });
const CommandPalette = dynamic(() => import("./command-palette.tsx").then((loaded) => loaded.CommandPalette), { ssr: false });

/** What a place's entry in the navigation shows beside its name. */
export type PlaceCounts = { readonly [name in Place["name"]]?: ReactNode };

/** Everything around a page: where one can go, who one is, and what holds everywhere. `bell` stands where there is no navigation. */
export function AppShell({ bell, counts, children }: { bell: ReactNode; counts: PlaceCounts; children: ReactNode }): ReactNode {
  const messages = useMessages(shellMessages);
  const pathname = usePathname();
  const [palette, setPalette] = useState(false);
  const [paletteWanted, setPaletteWanted] = useState(false);
  const [help, setHelp] = useState(false);
  const [helpWanted, setHelpWanted] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const openPalette = () => {
    setPaletteWanted(true);
    setPalette(true);
  };
  const openHelp = () => {
    setHelpWanted(true);
    setHelp(true);
  };
  useShortcuts({ openPalette, openHelp });
  useEffect(() => whenIdle(fetchTheRest), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the drawer
  useEffect(() => setDrawer(false), [pathname]);

  return (
    <TooltipProvider>
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-sm bg-accent px-3 py-1.5 font-medium text-accent-ink focus-visible:translate-y-0"
      >
        {messages.skip}
      </a>
      <div className="min-h-dvh lg:grid lg:grid-cols-[216px_minmax(0,1fr)]">
        <div className="flex h-12 items-center gap-2 border-b border-line bg-sunken px-2 lg:hidden">
          <IconButton
            label={drawer ? messages.closeNavigation : messages.openNavigation}
            aria-expanded={drawer}
            aria-controls="sidebar"
            onClick={() => setDrawer(!drawer)}
          >
            {drawer ? <X aria-hidden /> : <MenuIcon aria-hidden />}
          </IconButton>
          <span className="font-semibold">{messages.product}</span>
          <span className="ml-auto" />
          {bell}
          <IconButton label={messages.search} onClick={openPalette}>
            <Search aria-hidden />
          </IconButton>
        </div>
        {drawer ? (
          <button
            type="button"
            tabIndex={-1}
            aria-hidden
            className="fixed inset-0 top-12 z-30 bg-scrim lg:hidden"
            onClick={() => setDrawer(false)}
          />
        ) : null}
        <aside
          id="sidebar"
          className={clsx(
            "z-30 flex-col border-r border-line bg-sunken",
            "fixed top-12 bottom-0 left-0 w-[240px] lg:sticky lg:top-0 lg:h-dvh lg:w-auto",
            drawer ? "flex" : "hidden lg:flex",
          )}
        >
          <Sidebar pathname={pathname} counts={counts} onSearch={openPalette} onHelp={openHelp} />
        </aside>
        <main id="content" tabIndex={-1} className="min-w-0 outline-none">
          <SessionExpired />
          {children}
        </main>
      </div>
      {paletteWanted ? <CommandPalette open={palette} onOpenChange={setPalette} onHelp={openHelp} /> : null}
      {helpWanted ? <ShortcutHelp open={help} onOpenChange={setHelp} /> : null}
      <Toaster label={messages.notifications} />
    </TooltipProvider>
  );
}

/** What no page needs to stand, and any page may need the next moment: also when the connection is gone by then. */
function fetchTheRest(): void {
  for (const fetching of [loadDialogFrame(), loadMenuPanel(), loadFailureSentences()]) {
    // Whatever needs it asks again.
    fetching.catch(() => {});
  }
}

function Sidebar({
  pathname,
  counts,
  onSearch,
  onHelp,
}: {
  pathname: string;
  counts: PlaceCounts;
  onSearch: () => void;
  onHelp: () => void;
}): ReactNode {
  const messages = useMessages(shellMessages);
  const viewer = useViewer();
  const shown = places.filter((place) => place.action === null || viewer.can(place.action).allowed);
  const governing = shown.filter((place) => place.group === "govern");
  return (
    <>
      <div className="px-2 pt-3 pb-2">
        <TenantSwitcher />
      </div>
      <nav aria-label={messages.navigation} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        <ul className="flex flex-col gap-px">
          {shown
            .filter((place) => place.group === "work")
            .map((place) => (
              <NavigationItem key={place.name} place={place} here={isAt(place, pathname)} count={counts[place.name]} />
            ))}
        </ul>
        {governing.length === 0 ? null : (
          <>
            <h2 id="govern" className="px-2 pt-5 pb-1 text-xs font-medium text-ink-3">
              {messages.govern}
            </h2>
            <ul aria-labelledby="govern" className="flex flex-col gap-px">
              {governing.map((place) => (
                <NavigationItem key={place.name} place={place} here={isAt(place, pathname)} count={counts[place.name]} />
              ))}
            </ul>
          </>
        )}
      </nav>
      <div className="flex flex-col gap-px px-2 pb-3">
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 items-center gap-2 rounded-sm px-2 text-ink-2 hover:bg-hover hover:text-ink"
        >
          <Search aria-hidden className="size-4" />
          <span className="flex-1 truncate text-left">{messages.search}</span>
          <Kbd>
            <ModifierKey />K
          </Kbd>
        </button>
        <Connection />
        <UserMenu onHelp={onHelp} />
      </div>
    </>
  );
}

function NavigationItem({ place, here, count }: { place: Place; here: boolean; count: ReactNode }): ReactNode {
  const messages = useMessages(shellMessages);
  const { Icon } = place;
  return (
    <li>
      <Link
        href={place.href}
        aria-current={here ? "page" : undefined}
        className={clsx(
          "flex h-8 items-center gap-2.5 rounded-sm border px-2 font-medium transition-colors",
          here ? "border-line bg-surface text-ink" : "border-transparent text-ink-2 hover:bg-hover hover:text-ink",
        )}
      >
        <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
        <span className="min-w-0 flex-1 truncate">{messages[place.name]}</span>
        {count}
      </Link>
    </li>
  );
}
