"use client";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useMemo } from "react";

/** Who may stand behind an entry. */
export const ACTOR_KINDS = ["user", "token", "host", "system"] as const;

export type AuditFilters = {
  readonly actorKind?: (typeof ACTOR_KINDS)[number] | undefined;
  readonly action?: string | undefined;
  readonly resourceKind?: string | undefined;
  readonly resourceId?: string | undefined;
};

const NAMES = { actorKind: "who", action: "action", resourceKind: "kind", resourceId: "thing" } as const;

/** The filters live in the address, so that a view can be shared and the back button undoes a filter. */
export function useAuditFilters() {
  const search = useSearchParams();
  const pathname = usePathname();
  const router = useRouter();
  return useMemo(() => {
    const read = (name: string) => {
      const value = search.get(name)?.slice(0, 100);
      return value === "" || value === undefined ? undefined : value;
    };
    const filters: AuditFilters = {
      actorKind: ACTOR_KINDS.find((kind) => kind === read(NAMES.actorKind)),
      action: read(NAMES.action),
      resourceKind: read(NAMES.resourceKind),
      resourceId: read(NAMES.resourceId),
    };
    const go = (next: AuditFilters) => {
      const query = new URLSearchParams();
      for (const key of ["actorKind", "action", "resourceKind", "resourceId"] as const) {
        const value = next[key];
        if (value !== undefined) query.set(NAMES[key], value);
      }
      router.push(query.size === 0 ? pathname : `${pathname}?${query}`, { scroll: false });
    };
    return { filters, change: go, clear: () => go({}), active: Object.values(filters).some((value) => value !== undefined) };
  }, [search, pathname, router]);
}
