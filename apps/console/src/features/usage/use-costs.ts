"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useAddress } from "../../session/use-address.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { type Period, type PeriodKind, periodOf } from "./period.ts";
import { type Basis, costsQuery, type Grouping, groupedBy } from "./usage-view.ts";

/** What the page shows, as its address says it. */
export type CostsChoice = {
  readonly period: Period;
  readonly by: Grouping;
  readonly basis: Basis;
  choosePeriod(kind: PeriodKind, days?: { readonly first: string; readonly last: string }): void;
  chooseBy(by: Grouping): void;
  chooseBasis(basis: Basis): void;
};

export function useCostsChoice(): CostsChoice {
  const address = useAddress();
  // Days, not moments: the clock decides once which day is today.
  const [opened] = useState(() => Date.now());
  const [kind, from, to] = [address.get("period"), address.get("from"), address.get("to")];
  const period = useMemo(() => periodOf(kind, from, to, opened), [kind, from, to, opened]);
  return {
    period,
    ...groupedBy(address.get("by"), address.get("basis")),
    choosePeriod(next, days) {
      address.set("period", next === "30d" ? null : next);
      address.set("from", days?.first ?? null);
      address.set("to", days?.last ?? null);
    },
    chooseBy: (by) => address.set("by", by === "template" ? null : by),
    chooseBasis: (basis) => address.set("basis", basis === "allocated" ? null : basis),
  };
}

/** Money moves slowly; a page that is left open follows it all the same. */
const AGAIN_MS = 15_000;

export function useCosts(period: Pick<Period, "from" | "to" | "before">, by: Grouping, basis: Basis) {
  const trpc = useTRPC();
  return useQuery(
    trpc.usage.costs.queryOptions(costsQuery(period, by, basis), {
      // The rows of another grouping have other names and other keys: only the days may differ meanwhile.
      placeholderData: (shown, asked) => {
        const input = asked?.queryKey[1]?.input as { readonly by?: Grouping; readonly basis?: Basis } | undefined;
        return input?.by === by && input.basis === basis ? shown : undefined;
      },
      refetchInterval: AGAIN_MS,
      staleTime: 5_000,
    }),
  );
}
