"use client";
import { useSearchParams } from "next/navigation";
import { useMemo } from "react";

/** The page's state in its address. Changing it asks the server nothing: what it names is already on the page. */
export function useAddress() {
  const parameters = useSearchParams();
  return useMemo(
    () => ({
      get: (name: string) => parameters.get(name),
      set(name: string, value: string | null) {
        const next = new URLSearchParams(location.search);
        if (value === null) next.delete(name);
        else next.set(name, value);
        history.replaceState(null, "", next.size === 0 ? location.pathname : `${location.pathname}?${next}`);
      },
    }),
    [parameters],
  );
}
