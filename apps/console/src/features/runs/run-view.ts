import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

type Outputs = inferRouterOutputs<AppRouter>;
export type RunView = Outputs["runs"]["get"];
export type RunRow = Outputs["runs"]["list"]["items"][number];
export type RunState = RunView["state"];

export const runStates = ["queued", "leased", "running", "succeeded", "failed", "cancelled", "dead"] as const;

/** True when nothing more will happen to a run in this state. */
export function isOver(state: RunState): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "dead";
}
