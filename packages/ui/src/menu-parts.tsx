"use client";
import type { Menu } from "radix-ui/internal";
import { createContext, use } from "react";

/** What a menu's entries are made of: there once a menu is open, which is when they are drawn. */
export const MenuParts = createContext<typeof Menu | null>(null);

export function useMenuParts(): typeof Menu {
  const found = use(MenuParts);
  if (!found) throw new Error("An entry of a menu stands inside a Menu");
  return found;
}
