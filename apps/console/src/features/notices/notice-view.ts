import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

export type NoticePage = inferRouterOutputs<AppRouter>["notices"]["list"];
export type Notice = NoticePage["items"][number];
export type NoticeKind = Notice["kind"];

/** What says that something which runs here cannot be trusted, or that a decision did not have its effect: it is shown where one begins. */
export const urgentKinds: readonly NoticeKind[] = ["run.refused", "version.revoked", "key.distrusted", "review.problem"];

/** Places that notices lead to. Whoever is there has read what led there. */
export function mayBeLedTo(pathname: string): boolean {
  return /^\/(reviews|templates|runs)\/[^/]+$/.test(pathname) || pathname === "/trust";
}
