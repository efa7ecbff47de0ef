import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

type Outputs = inferRouterOutputs<AppRouter>;
/** `bundle` is null while the version waits for its signature. */
export type ProofAnswer = Outputs["signing"]["proof"] & { readonly bundle: unknown };
export type KeysView = Outputs["signing"]["keys"];
export type KeyRow = KeysView["items"][number];
export type DistrustImpact = Outputs["signing"]["distrustImpact"];
export type LogView = Outputs["signing"]["log"];
export type LogRow = LogView["entries"][number];
export type LogEntryView = Outputs["signing"]["logEntry"];
export type ConsistencyView = Outputs["signing"]["consistency"];

/** `sha256:9f3c…`, or a hash in hex or base64, short enough for a line; the whole stands in the details. */
export function shortHash(hash: string): string {
  const digits = hash.replace(/^sha256:/, "");
  return `${digits.slice(0, 8)}…${digits.slice(-4)}`;
}
