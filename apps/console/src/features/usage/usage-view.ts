import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";
import type { Period } from "./period.ts";

type Outputs = inferRouterOutputs<AppRouter>["usage"];
export type Costs = Outputs["costs"];
export type CostRow = Costs["rows"][number];
export type Budgets = Outputs["budgets"];
export type Budget = Budgets["items"][number];
export type PriceBook = Outputs["prices"];
export type Slo = Outputs["slos"]["items"][number];

export const groupings = ["template", "version", "channel", "day"] as const;
export type Grouping = (typeof groupings)[number];
export const bases = ["allocated", "used"] as const;
export type Basis = (typeof bases)[number];

/** As an address says it; what it does not say is by template, and allocated. */
export function groupedBy(by: string | null, basis: string | null): { readonly by: Grouping; readonly basis: Basis } {
  return {
    by: groupings.find((known) => known === by) ?? "template",
    basis: bases.find((known) => known === basis) ?? "allocated",
  };
}

/** What the page asks the registry; the same on the server, which asks it first. */
export function costsQuery({ from, to, before }: Pick<Period, "from" | "to" | "before">, by: Grouping, basis: Basis) {
  return { from, to, compareWith: before, by, basis };
}

/** Of what cannot be told apart any more, and of what belongs to none: the console names these rows, the registry does not. */
export const NONE = "none";
export const OTHER = "other";
