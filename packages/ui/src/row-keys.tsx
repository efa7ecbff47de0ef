"use client";
import { useEffect, useRef } from "react";

/**
 * Up and down (or k and j) move between the links of a list, from anywhere on the page while nothing else has the focus; Enter is the
 * link's own. `links` is the selector of those links below the element that the answer's ref is put on.
 */
export function useRowKeys<T extends HTMLElement>(links: string) {
  const list = useRef<T>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = stepOf(event);
      if (step === 0 || !list.current) return;
      const rows = [...list.current.querySelectorAll<HTMLElement>(links)];
      const focused = document.activeElement;
      const at = rows.indexOf(focused as HTMLElement);
      if (at === -1 && focused !== null && focused !== document.body && focused.id !== "content") return;
      const row = at === -1 ? rows.at(step > 0 ? 0 : -1) : rows[Math.min(rows.length - 1, Math.max(0, at + step))];
      if (!row) return;
      event.preventDefault();
      row.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [links]);
  return list;
}

function stepOf(event: KeyboardEvent): -1 | 0 | 1 {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return 0;
  if (event.key === "ArrowDown" || event.key === "j") return 1;
  return event.key === "ArrowUp" || event.key === "k" ? -1 : 0;
}
