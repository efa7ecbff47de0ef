/**
 * One rollout: the move of a channel from its baseline to a canary, step by step. Pure.
 *
 *   pending       begun, the channel unmoved                                   -> running(0)
 *   running(i)    the canary has the weight of step i                          -> running(i + 1), completed, paused, rolled_back
 *   paused        the weight stays, the step's clock stands still              -> running(i) (resumed), rolled_back, running(j) or completed (promoted)
 *   completed     the canary is the channel's stable version; final
 *   rolled_back   the channel is as before, without the canary; final
 *
 * What ends a step, looked at in this order:
 *
 *   a revocation          of the canary rolls back; of the baseline pauses, since there is nothing left to compare with: then it is promoted or
 *                         aborted, and not resumed; of both rolls back, and the channel has no version until it gets one
 *   a breached metric     does what the plan says of it: rolls back (also while paused), pauses, or is only told. Who resumes a rollout that a
 *                         metric paused has accepted that metric for the step
 *   its verdict           every metric healthy with the minimum samples: the next step. The last step has nobody to compare with: it needs its
 *                         samples alone
 *   its deadline          with the minimum samples and no breach the plan says proceed or pause; with fewer samples it pauses: no data is no
 *                         proof. Who resumes after a deadline begins it anew
 *   a gate                keeps a step that may be left until a person lets it; it may be opened before. A promotion goes as far as the next gate
 *                         that nobody opened, and never through it
 *
 * A first version has no baseline: it is judged against what it promises. Nothing lives anywhere but in this state and the counts.
 */
import type { StepJudgement } from "./judgement.ts";
import type { Plan, PlanStep } from "./plan.ts";

export type RolloutPhase = "pending" | "running" | "paused" | "completed" | "rolled_back";

export type RolloutState = {
  readonly state: RolloutPhase;
  readonly reason: string | null;
  readonly step: number;
  readonly stepStartedAt: Date | null;
  /** Of this step, in pauses that are over. */
  readonly pausedMs: number;
  readonly pausedAt: Date | null;
  readonly gatePassedAt: Date | null;
  /** Metrics whose breach somebody accepted for this step. */
  readonly accepted: readonly string[];
  /** What was told of this step already: breached metrics that only notify, and that the gate is waited for. */
  readonly told: readonly string[];
};

export type Facts = StepJudgement & {
  /** "none": the first version of the channel. */
  readonly baseline: "valid" | "revoked" | "none";
  readonly canary: "valid" | "revoked";
};

export type EventKind =
  | "started"
  | "step"
  | "breached"
  | "gate-waiting"
  | "gate-passed"
  | "paused"
  | "resumed"
  | "promoted"
  | "completed"
  | "rolled-back";

export type Action =
  | { readonly do: "shift"; readonly step: number; readonly weight: number }
  | { readonly do: "complete" }
  | { readonly do: "roll-back" }
  | { readonly do: "tell"; readonly kind: EventKind; readonly data: Readonly<Record<string, unknown>> };

export type Advance = { readonly state: RolloutState; readonly actions: readonly Action[] };

export const BEGUN: RolloutState = {
  state: "pending",
  reason: null,
  step: 0,
  stepStartedAt: null,
  pausedMs: 0,
  pausedAt: null,
  gatePassedAt: null,
  accepted: [],
  told: [],
};

export const BASELINE_REVOKED = "baseline-revoked";
export const CANARY_REVOKED = "canary-revoked";
/** Pauses that a deadline made: whoever resumes begins the step's time anew. */
export const DEADLINE_REASONS: readonly string[] = ["deadline", "too-few-samples"];

export function isOver({ state }: Pick<RolloutState, "state">): boolean {
  return state === "completed" || state === "rolled_back";
}

/** What follows from what is known now; the same facts again change nothing. */
export function advance(state: RolloutState, plan: Plan, facts: Facts, now: Date): Advance {
  if (isOver(state)) return { state, actions: [] };
  if (facts.canary === "revoked") return rollBack(state, facts.baseline === "valid" ? CANARY_REVOKED : "no-valid-version", now);
  if (state.state === "pending") return enter(plan, 0, now, "started");
  if (facts.baseline === "revoked")
    return state.reason === BASELINE_REVOKED ? { state, actions: [] } : pauseFor(state, BASELINE_REVOKED, now);

  const breached = facts.metrics.filter(({ name, analysis }) => analysis?.verdict === "breached" && !state.accepted.includes(name));
  const ending = breached.find(({ onBreach }) => onBreach === "rollback");
  if (ending) return rollBack(state, `breached:${ending.name}`, now, { metric: ending.name });
  if (state.state === "paused") return { state, actions: [] };
  const pausing = breached.find(({ onBreach }) => onBreach === "pause");
  if (pausing) return pauseFor(state, `breached:${pausing.name}`, now, { metric: pausing.name });
  const news = breached.find(({ name }) => !state.told.includes(name));
  if (news) {
    return {
      state: { ...state, told: [...state.told, news.name] },
      actions: [{ do: "tell", kind: "breached", data: { metric: news.name } }],
    };
  }

  const step = stepOf(plan, state.step);
  const end = endOf(step, state, facts, now);
  if (end === "wait") return { state, actions: [] };
  if (end !== "leave") return pauseFor(state, end, now);
  if (step.gate && state.gatePassedAt === null) {
    if (state.told.includes("gate")) return { state, actions: [] };
    return {
      state: { ...state, told: [...state.told, "gate"] },
      actions: [{ do: "tell", kind: "gate-waiting", data: { title: step.gate.title } }],
    };
  }
  return next(state, plan, now, "step");
}

function endOf(
  step: PlanStep,
  state: RolloutState,
  { samples, metrics }: Facts,
  now: Date,
): "wait" | "leave" | "deadline" | "too-few-samples" {
  const enough = samples.canary >= step.minSamples;
  const judged = metrics.filter(({ onBreach, analysis }) => onBreach !== "notify" && analysis !== null);
  const healthy =
    judged.length > 0 && judged.every(({ name, analysis }) => analysis?.verdict === "healthy" || state.accepted.includes(name));
  if (enough && (healthy || step.weight === 100)) return "leave";
  const deadline = deadlineOf(step, state);
  if (deadline === null || now < deadline) return "wait";
  if (!enough) return "too-few-samples";
  return step.onDeadline === "proceed" ? "leave" : "deadline";
}

/** Null while the clock stands still. */
export function deadlineOf(step: Pick<PlanStep, "deadlineMs">, { stepStartedAt, pausedMs, pausedAt }: RolloutState): Date | null {
  if (stepStartedAt === null || pausedAt !== null) return null;
  return new Date(stepStartedAt.getTime() + step.deadlineMs + pausedMs);
}

/** By hand, or by what `advance` found. */
export function pauseFor(state: RolloutState, reason: string, now: Date, data: Readonly<Record<string, unknown>> = {}): Advance {
  // What is paused for another reason stays so long, and its clock with it.
  const pausedAt = state.pausedAt ?? now;
  return { state: { ...state, state: "paused", reason, pausedAt }, actions: [{ do: "tell", kind: "paused", data: { reason, ...data } }] };
}

export function resume(state: RolloutState, now: Date): Advance {
  const { reason, pausedAt, pausedMs, stepStartedAt, accepted } = state;
  const anew = reason !== null && DEADLINE_REASONS.includes(reason);
  const metric = /^breached:(\w+)$/.exec(reason ?? "")?.[1];
  return {
    state: {
      ...state,
      state: "running",
      reason: null,
      pausedAt: null,
      stepStartedAt: anew ? now : stepStartedAt,
      pausedMs: anew ? 0 : pausedMs + (pausedAt === null ? 0 : Math.max(0, now.getTime() - pausedAt.getTime())),
      accepted: metric === undefined ? accepted : [...new Set([...accepted, metric])],
    },
    actions: [{ do: "tell", kind: "resumed", data: metric === undefined ? {} : { accepted: metric } }],
  };
}

/** The gate of the present step that nobody opened. */
export function closedGate(state: RolloutState, plan: Plan): PlanStep["gate"] {
  return state.gatePassedAt === null ? stepOf(plan, state.step).gate : null;
}

export function passGate(state: RolloutState, now: Date, title: string): Advance {
  return { state: { ...state, gatePassedAt: now }, actions: [{ do: "tell", kind: "gate-passed", data: { title } }] };
}

/** On to the next step with a gate, or to the end. The present step must have no closed gate. */
export function promote(state: RolloutState, plan: Plan, now: Date, reason: string): Advance {
  let target = state.step + 1;
  while (target < plan.steps.length && stepOf(plan, target).gate === null) target += 1;
  const told: Action = { do: "tell", kind: "promoted", data: { reason } };
  const moved = target < plan.steps.length ? enter(plan, target, now, "step") : complete(state);
  return { state: moved.state, actions: [told, ...moved.actions] };
}

export function rollBack(state: RolloutState, reason: string, _now: Date, data: Readonly<Record<string, unknown>> = {}): Advance {
  return {
    state: { ...state, state: "rolled_back", reason, pausedAt: null },
    actions: [{ do: "roll-back" }, { do: "tell", kind: "rolled-back", data: { reason, ...data } }],
  };
}

function next(state: RolloutState, plan: Plan, now: Date, kind: EventKind): Advance {
  return state.step + 1 < plan.steps.length ? enter(plan, state.step + 1, now, kind) : complete(state);
}

function enter(plan: Plan, step: number, now: Date, kind: EventKind): Advance {
  const { weight } = stepOf(plan, step);
  return {
    state: { ...BEGUN, state: "running", step, stepStartedAt: now },
    actions: [
      { do: "shift", step, weight },
      { do: "tell", kind, data: { weight } },
    ],
  };
}

function complete(state: RolloutState): Advance {
  return {
    state: { ...state, state: "completed", reason: null, pausedAt: null },
    actions: [{ do: "complete" }, { do: "tell", kind: "completed", data: {} }],
  };
}

function stepOf(plan: Plan, step: number): PlanStep {
  const found = plan.steps[step];
  if (!found) throw new Error(`the plan has no step ${step}`);
  return found;
}
