/** Rollouts as people follow them: a page of many, one with what its metrics say and how they came to it, and news as they happen. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import {
  deadlineOf,
  type MetricName,
  type Plan,
  ROLLOUTS_DOORBELL,
  type RolloutPhase,
  type Targets,
  type Verdict,
  type Verdicts,
} from "../domain/rollouts/rollouts.ts";
import type { FastTransaction } from "../platform/fast-database.ts";
import { type Bells, doorbell } from "./doorbell.ts";

export type RolloutRow = {
  number: number;
  templateName: string;
  channel: string;
  baseline: string | null;
  canary: string;
  state: RolloutPhase;
  stateReason: string | null;
  /** From 0. */
  step: number;
  steps: number;
  weightPercent: number;
  startedAt: string;
  startedByName: string;
  endedAt: string | null;
  /** The worst of its metrics. */
  verdict: Verdict | null;
};

type Cohort = { units: number; samples: number; ratio: number | null };

export type MetricState = {
  name: MetricName;
  /** Unknown also where there is nothing to judge it by: no target, or nobody to compare with. */
  verdict: Verdict;
  onBreach: "rollback" | "pause" | "notify";
  tolerance: number;
  margin: number;
  /** Milliseconds or micros. */
  target: number | null;
  /** A bad ratio that is fine anyway. */
  floor: number | null;
  baseline: Cohort | null;
  canary: Cohort;
  interval: { lower: number; upper: number } | null;
  samplesNeeded: number | null;
  byStep: { step: number; baseline: Cohort; canary: Cohort }[];
  /** The confidence sequence of the rate ratio over time. */
  series: { at: string; step: number; lower: number; upper: number; theta: number | null }[];
};

export type RolloutPage = RolloutRow & {
  id: string;
  channelId: string;
  plan: {
    name: string;
    revision: number;
    digest: string;
    title: string;
    steps: {
      weightPercent: number;
      minSamples: number;
      deadlineMs: number;
      onDeadline: "proceed" | "pause";
      gate: { title: string } | null;
    }[];
    metrics: { name: MetricName; tolerance: number; margin: number; onBreach: "rollback" | "pause" | "notify" }[];
    alpha: number;
  };
  stepStartedAt: string | null;
  deadlineAt: string | null;
  gate: { title: string; waiting: boolean; passedAt: string | null } | null;
  samples: { baseline: number; canary: number; needed: number };
  metrics: MetricState[];
  events: { id: number; at: string; kind: string; step: number; actorName: string; data: Record<string, unknown> }[];
  queuedOnCanary: number;
  movedRuns: number;
  can: Record<"pause" | "resume" | "promote" | "abort" | "passGate", { allowed: boolean; roles: string[] }>;
};

export type RolloutsView = {
  list(
    actor: Actor,
    query: { state?: "live" | "ended" | undefined; templateName?: string | undefined; cursor?: string | undefined },
  ): Promise<{ items: RolloutRow[]; nextCursor: string | null; counts: { live: number; paused: number } }>;
  /** Failures: `rollouts.missing`. */
  get(actor: Actor, input: { number: number }): Promise<RolloutPage>;
  /** The revision, each time it rises, until the rollout is over. Failures: `rollouts.missing`. */
  watch(
    actor: Actor,
    input: { number: number; lastEventId?: string | null | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<number, void, void>;
};

const PAGE_SIZE = 50;
const EVENTS_MAX = 500;
const POLL_MS = 2_000;
const PACE_MS = 200;

type Row = {
  id: string;
  channelId: string;
  number: number;
  templateName: string;
  channel: string;
  baseline: string | null;
  canary: string;
  canaryVersionId: string;
  state: RolloutPhase;
  stateReason: string | null;
  step: number;
  plan: Plan;
  targets: Targets;
  planRevision: number;
  planDigest: string;
  verdicts: Verdicts | null;
  stepStartedAt: Date | null;
  pausedMs: number;
  pausedAt: Date | null;
  gatePassedAt: Date | null;
  startedAt: Date;
  startedByName: string;
  endedAt: Date | null;
  revision: number;
};

const SELECT = `select r.id, r.channel_id as "channelId", r.number, t.name as "templateName", c.name as channel, r.canary_version_id as "canaryVersionId",
  (select v.semver from template_versions v where v.id = r.baseline_version_id) as baseline,
  (select v.semver from template_versions v where v.id = r.canary_version_id) as canary,
  r.state, r.state_reason as "stateReason", r.step, r.plan, r.targets, p.revision as "planRevision", p.digest as "planDigest", r.verdicts,
  r.step_started_at as "stepStartedAt", r.paused_ms as "pausedMs", r.paused_at as "pausedAt", r.gate_passed_at as "gatePassedAt",
  r.started_at as "startedAt", r.started_by_name as "startedByName", r.ended_at as "endedAt", r.revision
  from rollouts r join channels c on c.id = r.channel_id join templates t on t.id = r.template_id join rollout_plans p on p.id = r.plan_id`;

export function createRolloutsView({ access, redis }: { access: Access; redis: Bells }): RolloutsView {
  const reading = (actor: Actor, id: string) => ({ actor, action: "rollouts.read", resource: { kind: "rollout", id } }) as const;

  return {
    list: (actor, { state = null, templateName = null, cursor }) =>
      access.readFast(reading(actor, "*"), async (tx) => {
        const { rows } = await tx.query<Row>(
          `${SELECT} where ($1::text is null or ($1 = 'live') = (r.ended_at is null)) and ($2::text is null or t.name = $2)
             and ($3::int is null or r.number < $3) order by r.number desc limit ${PAGE_SIZE + 1}`,
          [state, templateName, cursor === undefined ? null : Number(cursor)],
        );
        const { rows: counts } = await tx.query<{ live: number; paused: number }>(
          "select count(*)::int as live, count(*) filter (where state = 'paused')::int as paused from rollouts where ended_at is null",
        );
        const items = rows.slice(0, PAGE_SIZE).map(rowOf);
        const last = rows.length > PAGE_SIZE ? items.at(-1) : undefined;
        return { items, nextCursor: last ? String(last.number) : null, counts: counts[0] ?? { live: 0, paused: 0 } };
      }),

    get: (actor, { number }) =>
      access.readFast(reading(actor, String(number)), async (tx) => {
        const row = await requireRow(tx, number);
        const { rows: counts } = await tx.query<Count>(
          "select step, cohort, metric, units from cohort_counts where rollout_id = $1 order by step",
          [row.id],
        );
        const { rows: events } = await tx.query<Event>(
          `select * from (select id, at, kind, step, actor_name as "actorName", data from rollout_events where rollout_id = $1 order by id desc limit ${EVENTS_MAX}) e order by id`,
          [row.id],
        );
        const { rows: runs } = await tx.query<{ queued: number; moved: number }>(
          // Two counts, each by an index of few runs: the channel's whole history is read at no revision.
          `select (select count(*) from runs where channel_id = $1 and state = 'queued' and version_id = $2)::int as queued,
             (select count(*) from runs where channel_id = $1 and moved_from_version_id = $2 and submitted_at >= $3)::int as moved`,
          [row.channelId, row.canaryVersionId, row.startedAt],
        );
        return pageOf(row, counts, events, runs[0] ?? { queued: 0, moved: 0 }, access.permissions(actor));
      }),

    watch: async function* (actor, { number, lastEventId }, signal) {
      const look = () => access.readFast(reading(actor, String(number)), (tx) => requireRow(tx, number));
      const bell = doorbell(signal);
      const silence = await redis.subscriber.on(ROLLOUTS_DOORBELL, () => bell.ring());
      try {
        for (let seen = Number(lastEventId ?? 0) || 0; !signal.aborted; ) {
          const { revision, endedAt } = await look();
          if (revision > seen) {
            seen = revision;
            yield revision;
          }
          if (endedAt !== null) return;
          await bell.pause(PACE_MS);
          await bell.next(POLL_MS);
        }
      } finally {
        await silence();
      }
    },
  };
}

type Count = { step: number; cohort: string; metric: string; units: number };
type Event = { id: number; at: Date; kind: string; step: number; actorName: string; data: Record<string, unknown> };

async function requireRow(tx: FastTransaction, number: number): Promise<Row> {
  const { rows } = await tx.query<Row>(`${SELECT} where r.number = $1`, [number]);
  if (!rows[0]) throw new Failure("missing", "rollouts.missing", `There is no rollout ${number}`, { number });
  return rows[0];
}

type Figures = { name: string; verdict: Verdict | null; interval: { lower: number; upper: number } | null; samplesNeeded: number | null };

function figuresOf(row: Row): readonly Figures[] {
  return (row.verdicts?.metrics ?? []) as readonly Figures[];
}

function rowOf(row: Row): RolloutRow {
  const { number, templateName, channel, baseline, canary, state, stateReason, step, plan, startedByName } = row;
  const verdicts = figuresOf(row).map(({ verdict }) => verdict);
  const worst = (["breached", "unknown", "healthy"] as const).find((verdict) => verdicts.includes(verdict)) ?? null;
  return {
    number,
    templateName,
    channel,
    baseline,
    canary,
    state,
    stateReason,
    step,
    steps: plan.steps.length,
    weightPercent: state === "rolled_back" ? 0 : state === "completed" ? 100 : (plan.steps[step]?.weight ?? 0),
    startedAt: row.startedAt.toISOString(),
    startedByName,
    endedAt: row.endedAt?.toISOString() ?? null,
    verdict: worst,
  };
}

function pageOf(
  row: Row,
  counts: readonly Count[],
  events: readonly Event[],
  runs: { queued: number; moved: number },
  permissions: ReturnType<Access["permissions"]>,
): RolloutPage {
  const { id, channelId, plan, targets, verdicts, step, state, stateReason, stepStartedAt, pausedMs, pausedAt, gatePassedAt } = row;
  const now = plan.steps[step];
  const over = row.endedAt !== null;
  const units = (at: number, cohort: string, metric: string) =>
    counts.find((count) => count.step === at && count.cohort === cohort && count.metric === metric)?.units ?? 0;
  const cohort = (at: number, name: string, metric: string): Cohort => {
    const [samples, bad] = [units(at, name, "samples"), units(at, name, metric)];
    return { units: bad, samples, ratio: samples === 0 ? null : bad / samples };
  };
  const clock = { state, reason: stateReason, step, stepStartedAt, pausedMs, pausedAt, gatePassedAt, accepted: [], told: [] };
  const can = (action: "rollouts.control" | "rollouts.pass-gate", possible: boolean) => {
    const { allowed, roles } = permissions[action];
    return { allowed: allowed && possible && !over, roles };
  };
  const closed = now?.gate != null && gatePassedAt === null;
  return {
    ...rowOf(row),
    id,
    channelId,
    plan: {
      name: plan.name,
      revision: row.planRevision,
      digest: row.planDigest,
      title: plan.title,
      steps: plan.steps.map(({ weight, ...rest }) => ({ weightPercent: weight, ...rest })),
      metrics: plan.metrics.map(({ name, tolerance, margin, onBreach }) => ({ name, tolerance, margin, onBreach })),
      alpha: plan.alpha,
    },
    stepStartedAt: stepStartedAt?.toISOString() ?? null,
    deadlineAt: over || !now ? null : (deadlineOf(now, clock)?.toISOString() ?? null),
    gate: now?.gate
      ? {
          title: now.gate.title,
          waiting: closed && (verdicts?.told.includes("gate") ?? false),
          passedAt: gatePassedAt?.toISOString() ?? null,
        }
      : null,
    samples: { baseline: units(step, "baseline", "samples"), canary: units(step, "canary", "samples"), needed: now?.minSamples ?? 0 },
    metrics: plan.metrics.map(({ name, tolerance, margin, onBreach }): MetricState => {
      const figures = figuresOf(row).find((figure) => figure.name === name);
      const steps = plan.steps.map((_, at) => at).filter((at) => at <= step);
      return {
        name,
        verdict: figures?.verdict ?? "unknown",
        onBreach,
        tolerance,
        margin,
        target: targets[name]?.limit ?? null,
        floor: targets[name]?.floor ?? null,
        baseline: row.baseline === null ? null : cohort(step, "baseline", name),
        canary: cohort(step, "canary", name),
        interval: figures?.interval ?? null,
        samplesNeeded: figures?.samplesNeeded ?? null,
        byStep: steps.map((at) => ({ step: at, baseline: cohort(at, "baseline", name), canary: cohort(at, "canary", name) })),
        series: steps.flatMap((at) =>
          (verdicts?.series[name]?.[at] ?? []).map(([time, lower, upper, theta]) => ({
            at: new Date(time).toISOString(),
            step: at,
            lower,
            upper,
            theta,
          })),
        ),
      };
    }),
    events: events.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })),
    queuedOnCanary: runs.queued,
    movedRuns: runs.moved,
    can: {
      pause: can("rollouts.control", state === "running"),
      resume: can("rollouts.control", state === "paused" && stateReason !== "baseline-revoked"),
      promote: can("rollouts.control", !closed),
      abort: can("rollouts.control", true),
      passGate: can("rollouts.pass-gate", closed),
    },
  };
}
