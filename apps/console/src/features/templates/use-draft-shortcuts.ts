"use client";
import { useEffect, useRef } from "react";

/**
 * Ctrl/⌘ S saves and Ctrl/⌘ Enter tries, wherever on the page one is. Taken on the way down: an editor would keep the keys for
 * itself, and Monaco gives a key to the editor that was made last, not to the one that has the focus.
 */
export function useDraftShortcuts(acts: { readonly save: () => void; readonly tryIt: () => void }): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("[role=dialog]")) return;
      const act = event.key === "Enter" ? latest.current.tryIt : event.key.toLowerCase() === "s" ? latest.current.save : null;
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) act();
    };
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
