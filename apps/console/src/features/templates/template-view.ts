import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

type Outputs = inferRouterOutputs<AppRouter>;
export type TemplateRow = Outputs["templates"]["list"]["items"][number];
export type TemplateView = Outputs["templates"]["get"];
export type VersionRow = TemplateView["versions"][number];
export type DraftRow = TemplateView["drafts"][number];
export type DraftView = Outputs["drafts"]["get"];

/** `sha256:9f3c…` short enough for a line; the whole stands in the title and the clipboard. */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, "");
  return `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}
