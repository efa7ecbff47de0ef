/** What the registry says of rollouts, channels and plans, as the console reads it. */
import type { AppRouter } from "@agent-factory/bff/api";
import type { inferRouterOutputs } from "@trpc/server";

type Outputs = inferRouterOutputs<AppRouter>;

export type RolloutRow = Outputs["rollouts"]["list"]["items"][number];
export type RolloutPageView = Outputs["rollouts"]["get"];
export type RolloutPhase = RolloutRow["state"];
export type Verdict = NonNullable<RolloutRow["verdict"]>;
export type MetricState = RolloutPageView["metrics"][number];
export type MetricName = MetricState["name"];
export type RolloutEvent = RolloutPageView["events"][number];
export type PlanStep = RolloutPageView["plan"]["steps"][number];
export type Control = keyof RolloutPageView["can"];
export type Preview = Outputs["rollouts"]["preview"];
export type PlanRow = Outputs["plans"]["list"]["items"][number];
export type ChannelRow = Outputs["channels"]["list"]["items"][number];
export type ChannelMove = Outputs["channels"]["history"]["items"][number];

/** The ends beyond which the statistic says nothing: an end that stands there is open. */
export const THETA_MIN = 2 ** -10;
export const THETA_MAX = 2 ** 10;
/** What is told of a look is rounded. */
const ROUNDED = 1.001;

export function isOpenBelow(lower: number): boolean {
  return lower <= THETA_MIN * ROUNDED;
}

export function isOpenAbove(upper: number): boolean {
  return upper >= THETA_MAX / ROUNDED;
}

export function isOver({ state }: Pick<RolloutRow, "state">): boolean {
  return state === "completed" || state === "rolled_back";
}
