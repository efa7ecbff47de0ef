"use client";
import { useEffect, useRef } from "react";

export type ReviewKeys = {
  readonly next: () => void;
  readonly previous: () => void;
  readonly comment: () => void;
  readonly approve: () => void;
};

/** As long as the shell waits for the letter after `g`. */
const CHORD_MS = 1_200;

/** `n` and `p` go from change to change, `c` comments, `a` approves; never while somebody types, and not as the second letter of `g a`. */
export function useReviewKeys(keys: ReviewKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event.target)) return;
      if (event.key === "g") {
        chordUntil = event.timeStamp + CHORD_MS;
        return;
      }
      const chord = event.timeStamp < chordUntil;
      chordUntil = 0;
      const act = { n: latest.current.next, p: latest.current.previous, c: latest.current.comment, a: latest.current.approve }[event.key];
      if (chord || !act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function isTaken(target: EventTarget | null): boolean {
  return (
    document.querySelector("[role=dialog]") !== null ||
    (target instanceof HTMLElement &&
      (target.isContentEditable || target.closest("input, textarea, select, [role=textbox], [role=menu], [role=listbox]") !== null))
  );
}
