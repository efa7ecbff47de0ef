"use client";
import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { useViewer } from "../session/viewer.tsx";
import { places } from "./navigation.ts";

const CHORD_MS = 1_200;

/** Ctrl/⌘ K, `g` then a letter, `/` for the page's search box, `?` for the list. Letters are left alone while somebody types. */
export function useShortcuts({ openPalette, openHelp }: { openPalette: () => void; openHelp: () => void }): void {
  const router = useRouter();
  const viewer = useViewer();
  const latest = useRef({ openPalette, openHelp, viewer, router });
  latest.current = { openPalette, openHelp, viewer, router };
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      const now = latest.current;
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        event.stopPropagation();
        now.openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.timeStamp < goUntil) {
        goUntil = 0;
        const place = places.find(({ letter, action }) => letter === event.key && (action === null || now.viewer.can(action).allowed));
        if (place) {
          event.preventDefault();
          now.router.push(place.href);
        }
        return;
      }
      if (event.key === "g") goUntil = event.timeStamp + CHORD_MS;
      else if (event.key === "?") now.openHelp();
      else if (event.key === "/") {
        const box = document.querySelector<HTMLInputElement>("main input[type=search]");
        if (!box) return;
        event.preventDefault();
        box.focus();
        box.select();
      }
    };
    // On the way down: an editor waits for a second key after Ctrl K.
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest("input, textarea, select, [role=textbox], [role=menu], [role=listbox], [role=dialog]") !== null)
  );
}
