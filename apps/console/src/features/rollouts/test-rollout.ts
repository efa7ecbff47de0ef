/** Rollouts as the registry might tell them, for tests. */
import type { MetricState, RolloutEvent, RolloutPageView } from "./rollout-view.ts";

export function metric(change: Partial<MetricState> = {}): MetricState {
  return {
    name: "failed",
    onBreach: "rollback",
    tolerance: 1,
    margin: 1.5,
    verdict: "unknown",
    target: null,
    baseline: { units: 12, samples: 520, ratio: 12 / 520 },
    canary: { units: 3, samples: 62, ratio: 3 / 62 },
    interval: { lower: 0.42, upper: 5.2 },
    samplesNeeded: 240,
    floor: null,
    byStep: [],
    series: [],
    ...change,
  };
}

export function event(kind: string, at: string, step: number, data: RolloutEvent["data"] = {}, actorName = "Marta Klein"): RolloutEvent {
  return { id: Number(at.replaceAll(/\D/g, "")), kind, at: `2026-11-25T${at}Z`, step, actorName, data };
}

export function rollout(change: Partial<RolloutPageView> = {}): RolloutPageView {
  const may = { allowed: true, roles: ["operator", "admin"] };
  const step = { minSamples: 50, deadlineMs: 1_800_000, onDeadline: "pause", gate: null } as const;
  return {
    id: "r",
    channelId: "c",
    number: 7,
    templateName: "invoice-triage",
    channel: "production",
    baseline: "1.0.0",
    canary: "1.1.0",
    state: "running",
    stateReason: null,
    step: 0,
    steps: 3,
    weightPercent: 10,
    startedAt: "2026-11-25T14:04:00Z",
    startedByName: "Marta Klein",
    endedAt: null,
    verdict: "unknown",
    plan: {
      name: "careful",
      title: "Careful",
      revision: 1,
      digest: "sha256:00",
      alpha: 0.01,
      steps: [
        { ...step, weightPercent: 10 },
        { ...step, weightPercent: 50, gate: { title: "The desk agrees" } },
        { ...step, weightPercent: 100, minSamples: 0 },
      ],
      metrics: [{ name: "failed", tolerance: 1, margin: 1.5, onBreach: "rollback" }],
    },
    stepStartedAt: "2026-11-25T14:04:00Z",
    deadlineAt: "2026-11-25T14:34:00Z",
    gate: null,
    samples: { baseline: 310, canary: 34, needed: 50 },
    metrics: [metric()],
    events: [event("started", "14:04:00", 0, { weight: 10 })],
    queuedOnCanary: 0,
    movedRuns: 0,
    can: { pause: may, resume: may, promote: may, abort: may, passGate: may },
    ...change,
  };
}
