/** The steps of a rollout with its gates between them, as they went and as they will. Pure. */
import type { ChartMarker, ChartPoint } from "@agent-factory/ui/chart";
import { isOver, type MetricState, type PlanStep, type RolloutEvent, type RolloutPageView } from "./rollout-view.ts";

export type StepState = "passed" | "skipped" | "current" | "paused" | "broken" | "ahead";
export type GateState = "passed" | "waiting" | "ahead";

export type Segment =
  | {
      readonly kind: "step";
      readonly index: number;
      readonly step: PlanStep;
      readonly state: StepState;
      readonly startedAt: string | null;
      /** Of the canary, when the step was left, or now. */
      readonly samples: number | null;
      /** Why it was left; null while it was not. */
      readonly left: Left["how"] | null;
    }
  | { readonly kind: "gate"; readonly index: number; readonly title: string; readonly state: GateState; readonly passedBy: string | null };

/** When each step that was entered began, in order. */
export function startsOf(events: readonly RolloutEvent[]): { readonly index: number; readonly at: string }[] {
  return inOrder(events)
    .filter(({ kind }) => kind === "started" || kind === "step")
    .map(({ step, at }) => ({ index: step, at }));
}

export function inOrder(events: readonly RolloutEvent[]): RolloutEvent[] {
  return [...events].sort((a, b) => a.at.localeCompare(b.at));
}

export function segmentsOf(rollout: RolloutPageView): Segment[] {
  const starts = startsOf(rollout.events);
  const left = leavings(rollout);
  return rollout.plan.steps.flatMap((step, index): Segment[] => {
    const startedAt = starts.findLast((start) => start.index === index)?.at ?? null;
    const state = stateOf(rollout, index, startedAt);
    const samples =
      state === "passed"
        ? (left.get(index)?.samples ?? null)
        : index === rollout.step && startedAt !== null
          ? rollout.samples.canary
          : null;
    const segment: Segment = { kind: "step", index, step, state, startedAt, samples, left: left.get(index)?.how ?? null };
    if (step.gate === null) return [segment];
    const opened = inOrder(rollout.events).findLast(({ kind, step: at }) => kind === "gate-passed" && at === index);
    const gate: GateState =
      opened || index < rollout.step ? "passed" : index === rollout.step && rollout.gate?.waiting && !isOver(rollout) ? "waiting" : "ahead";
    return [segment, { kind: "gate", index, title: step.gate.title, state: gate, passedBy: opened?.actorName ?? null }];
  });
}

function stateOf({ state, step }: RolloutPageView, index: number, startedAt: string | null): StepState {
  if (state === "completed" || index < step) return startedAt === null ? "skipped" : "passed";
  if (index > step || state === "pending") return "ahead";
  return state === "rolled_back" ? "broken" : state === "paused" ? "paused" : "current";
}

type Left = {
  readonly samples: number;
  /** By its verdict, by a person, or because its time was up and the plan says to go on. The last step needs nothing but its samples. */
  readonly how: "healthy" | "promoted" | "time" | "last";
};

/** A step is left where the next one begins, and where the rollout ends: that event tells what was known. */
function leavings({ events, plan }: RolloutPageView): Map<number, Left> {
  const left = new Map<number, Left>();
  let current: number | null = null;
  let promoted = false;
  for (const { kind, step, data } of inOrder(events)) {
    if (kind === "promoted") promoted = true;
    if (kind !== "started" && kind !== "step" && kind !== "completed" && kind !== "rolled-back") continue;
    const samples = (data["samples"] as { canary?: unknown } | undefined)?.canary;
    if (current !== null && kind !== "started" && typeof samples === "number") {
      const last = plan.steps[current]?.weightPercent === 100;
      left.set(current, { samples, how: promoted ? "promoted" : last ? "last" : wasHealthy(plan, data) ? "healthy" : "time" });
    }
    current = step;
    promoted = false;
  }
  return left;
}

/** Whether every metric that decides was surely healthy: as the registry counts it. */
function wasHealthy({ metrics }: RolloutPageView["plan"], data: RolloutEvent["data"]): boolean {
  const told = Array.isArray(data["metrics"]) ? (data["metrics"] as { name?: unknown; verdict?: unknown }[]) : [];
  const deciding = told.filter(
    ({ name, verdict }) => verdict !== null && metrics.some((one) => one.name === name && one.onBreach !== "notify"),
  );
  return deciding.length > 0 && deciding.every(({ verdict }) => verdict === "healthy");
}

/** How far a step is by its samples, from 0 to 1. What needs none is as far as it can be. */
export function progressOf(samples: number, needed: number): number {
  return needed === 0 ? 1 : Math.min(1, samples / needed);
}

/**
 * What a chart of the ratio is given: each look, the time before a step's first look as no data (every step is a test of its own), and the
 * last look held until now, for nothing new was seen since.
 */
export function chartPoints({ series }: Pick<MetricState, "series">, starts: ReturnType<typeof startsOf>, end: string): ChartPoint[] {
  const points: ChartPoint[] = [];
  const bounds = starts.map(({ at }) => at).concat(end);
  starts.forEach(({ index, at: from }, nth) => {
    const to = bounds[nth + 1] ?? end;
    const own = series.filter(({ step, at }) => step === index && at >= from).sort((a, b) => a.at.localeCompare(b.at));
    if (own[0]?.at !== from) points.push({ at: from, values: null });
    for (const { at, lower, upper, theta } of own) points.push({ at, values: { lower, upper, ...(theta === null ? {} : { theta }) } });
    const last = points.at(-1);
    // Just before the next step begins, so that the two do not stand at one place.
    const held = nth === starts.length - 1 ? to : new Date(Date.parse(to) - 1).toISOString();
    if (last && held > last.at) points.push({ at: held, values: last.values });
  });
  return points;
}

const PAST_END_SHARE = 0.04;
const PAST_END_MS_MIN = 1_000;

/**
 * Where a rollout's charts end: at the present, or a little past its own end. The look that decided lies at that end, and is held for as long
 * as it takes to be seen.
 */
export function edgeOf({ startedAt, endedAt }: Pick<RolloutPageView, "startedAt" | "endedAt">, now: string): string {
  if (endedAt === null) return now;
  const ended = Date.parse(endedAt);
  return new Date(ended + Math.max(PAST_END_MS_MIN, (ended - Date.parse(startedAt)) * PAST_END_SHARE)).toISOString();
}

export function markersOf(rollout: RolloutPageView, label: (weightPercent: number) => string): ChartMarker[] {
  return startsOf(rollout.events).map(({ index, at }) => ({ at, label: label(rollout.plan.steps[index]?.weightPercent ?? 0) }));
}
