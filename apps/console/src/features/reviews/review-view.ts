import type { AppRouter } from "@agent-factory/bff/api";
import type { Change, ChangeClass } from "@agent-factory/manifest/compare";
import type { inferRouterOutputs } from "@trpc/server";

type Outputs = inferRouterOutputs<AppRouter>["reviews"];
export type ReviewRow = Outputs["list"]["items"][number];
export type ReviewPageView = Outputs["get"];
export type Thread = ReviewPageView["threads"][number];
export type Decision = ReviewPageView["decisions"][number];
export type Check = ReviewPageView["checks"][number];

export const changeClasses: readonly ChangeClass[] = ["breaking", "permission", "cost", "behaviour", "cosmetic"];

/** Gravest class first; classes without a change are left out. */
export function byClass(changes: readonly Change[]): { readonly class: ChangeClass; readonly changes: readonly Change[] }[] {
  return changeClasses
    .map((name) => ({ class: name, changes: changes.filter((change) => change.class === name) }))
    .filter((group) => group.changes.length > 0);
}

/** Where the revisions of a plan stand. */
export function planHref({ templateName }: Pick<ReviewPageView, "templateName">): string {
  return `/rollouts/plans/${templateName}`;
}

/** `sha256:9f3c…` short enough for a line; the whole stands in the title. */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, "");
  return `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}
