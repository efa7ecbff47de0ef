"use client";
import { type ReactNode, useEffect, useState } from "react";

/** ⌘ where the keyboard has it, else Ctrl; the server guesses Ctrl. */
export function ModifierKey(): ReactNode {
  const [apple, setApple] = useState(false);
  useEffect(() => setApple(/Mac|iPhone|iPad/.test(navigator.platform)), []);
  return apple ? "⌘" : "Ctrl ";
}
