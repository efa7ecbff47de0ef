/**
 * Rollouts: the only ones who move channels. Everything that happens to one happens in one transaction, with its channel held: what is
 * known is read, `rollout.ts` decides, and the state, the channel, the runs that wait, the events and the news are written together. So
 * a controller that is killed anywhere leaves a rollout as it was or as it shall be, and the next tick goes on.
 */
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import { type Actor, type SystemActor, systemActor } from "../actor.ts";
import type { Audit } from "../audit/audit.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { type ChannelRow, type Channels, WHOLE } from "../channels/channels.ts";
import { Failure } from "../failure.ts";
import type { Runs } from "../runs/runs.ts";
import { judgeStep, type StepJudgement } from "./judgement.ts";
import { outlook, unusable } from "./outlook.ts";
import type { Plan } from "./plan.ts";
import {
  type Action,
  type Advance,
  advance,
  BASELINE_REVOKED,
  BEGUN,
  closedGate,
  deadlineOf,
  type Facts,
  isOver,
  passGate,
  pauseFor,
  promote,
  type RolloutPhase,
  type RolloutState,
  resume,
  rollBack,
} from "./rollout.ts";
import {
  findByNumber,
  insertEvent,
  insertRollout,
  listLive,
  lockRollout,
  type ReadCounts,
  type RolloutRow,
  storeRollout,
  type Verdicts,
} from "./rollout-store.ts";
import { withTick } from "./series.ts";

export type { Verdict } from "./analysis.ts";
export type { Targets } from "./judgement.ts";
export type { MetricName, Plan } from "./plan.ts";
export type { RolloutPhase } from "./rollout.ts";
export type { Verdicts } from "./rollout-store.ts";
export { deadlineOf };

/** Rung with a rollout's id after each of its changes. */
export const ROLLOUTS_DOORBELL = "rollouts";

export type Problem = { readonly code: string; readonly message: string };

type Named = { readonly templateName: string; readonly channel: string; readonly semver: string };

export type Rollouts = {
  /**
   * Begins to move the channel to a version, by the newest revision of the channel's plan. Failures: `channels.missing`, `plans.missing`,
   * `plans.unsigned`, `plans.distrusted`, `rollouts.live` with its number, `rollouts.same-version`, `rollouts.version-unusable` with the reason, `templates.version-missing`.
   */
  start(actor: Actor, input: Named): Promise<{ number: number }>;
  /** What would keep `start` from beginning, and by which plan it would go. Failures: `channels.missing`. */
  preview(actor: Actor, input: Named): Promise<{ baseline: string | null; plan: Plan | null; problems: Problem[] }>;
  /** Failures of all that follow: `rollouts.missing`, `rollouts.ended`. */
  pause(actor: Actor, input: { number: number; reason: string }): Promise<{ state: RolloutPhase }>;
  /** Failures: `rollouts.not-paused`, `rollouts.baseline-revoked`. */
  resume(actor: Actor, input: { number: number }): Promise<{ state: RolloutPhase }>;
  /** On to the next closed gate, or to the end. Failures: `rollouts.gate-waiting` with its title. */
  promote(actor: Actor, input: { number: number; reason: string }): Promise<{ state: RolloutPhase }>;
  abort(actor: Actor, input: { number: number; reason: string }): Promise<{ state: RolloutPhase }>;
  /** Opens the gate of the present step. Failures: `rollouts.no-gate`. */
  passGate(actor: Actor, input: { number: number }): Promise<{ state: RolloutPhase }>;
  /** Loop. Looks at every live rollout of every tenant; answers how many moved. */
  tick(loop: SystemActor): Promise<number>;
  /**
   * Loop, before the version's runs are ended: channels that resolve to it get an earlier stable version, what waits for it waits for that one,
   * and a rollout of it ends or pauses. Answers how many channels moved.
   */
  onVersionRevoked(loop: SystemActor, input: { versionId: string }): Promise<number>;
};

export type RolloutsParts = {
  readonly access: Access;
  readonly audit: Audit;
  readonly fastDatabase: FastDatabase;
  readonly channels: Pick<Channels, "lock" | "lockNamed" | "find" | "shift" | "earlierStable" | "of" | "pins" | "ring">;
  readonly runs: Pick<Runs, "repin" | "ring">;
  /** The usage module's: units by step, cohort and metric. */
  readonly counts: ReadCounts;
  readonly redis: Pick<RedisConnections, "publish">;
  readonly clock: Clock;
};

/** What was changed in a transaction and is told after it. */
type Rings = { readonly channels: Set<string>; readonly rollouts: Set<string>; readonly runs: string[] };

type Channel = Omit<ChannelRow, "templateName">;

export function createRollouts({ access, audit, fastDatabase, channels, runs, counts, redis, clock }: RolloutsParts): Rollouts {
  const ringing = async <T>(work: (rings: Rings) => Promise<T>): Promise<T> => {
    const rings: Rings = { channels: new Set(), rollouts: new Set(), runs: [] };
    const result = await work(rings);
    for (const id of rings.channels) channels.ring(id);
    for (const id of rings.rollouts) void redis.publish(ROLLOUTS_DOORBELL, id);
    runs.ring(rings.runs);
    return result;
  };

  const factsOf = async (tx: FastTransaction, rollout: RolloutRow, channel: Channel): Promise<Facts> => {
    const { plan, state, targets, baselineVersionId } = rollout;
    const rows = await counts(tx, rollout.id);
    const { stable } = channel;
    const baseline = baselineVersionId === null ? "none" : stable?.id === baselineVersionId && !stable.revoked ? "valid" : "revoked";
    const judged = judgeStep(plan, state.step, baselineVersionId !== null, targets, rows);
    return { ...judged, baseline, canary: rollout.canaryRevoked ? "revoked" : "valid" };
  };

  /** A channel whose stable version was revoked gets the one before, when there is one. */
  const fallBack = async (tx: FastTransaction, channel: Channel, rings: Rings): Promise<Channel> => {
    const { stable, canary } = channel;
    if (!stable?.revoked) return channel;
    const earlier = await channels.earlierStable(tx, channel.id, canary?.id ?? null);
    if (earlier === null) return channel;
    await channels.shift(tx, { ...shiftOf(channel), stableVersionId: earlier, movedBy: null, reason: "version-revoked" });
    await repin(tx, channel.id, stable.id, earlier, "version-revoked", rings);
    rings.channels.add(channel.id);
    return { ...channel, stable: { id: earlier, revoked: false } };
  };

  const repin = async (
    tx: FastTransaction,
    channelId: string,
    fromVersionId: string,
    toVersionId: string,
    reason: string,
    rings: Rings,
  ) => {
    const to = await channels.pins(tx, toVersionId);
    if (to) rings.runs.push(...(await runs.repin(tx, { channelId, fromVersionId, to, reason })));
  };

  const act = async (tx: FastTransaction, action: Action, rollout: RolloutRow, channel: Channel, rings: Rings): Promise<void> => {
    const { id, canaryVersionId, targets } = rollout;
    const ended = { canaryVersionId: null, canaryWeight: 0, rolloutId: null, judgement: null, movedBy: id };
    const stableVersionId = channel.stable?.id ?? null;
    if (action.do === "tell") return;
    rings.channels.add(channel.id);
    if (action.do === "shift") {
      const judgement = { step: action.step, slowMs: targets.slow?.limit ?? null, dearMicros: targets.dear?.limit ?? null };
      await channels.shift(tx, {
        channelId: channel.id,
        // A stable version that was revoked, with none before it, is nobody's baseline: everybody gets the new one.
        stableVersionId: rollout.baselineVersionId === null ? null : stableVersionId,
        canaryVersionId,
        canaryWeight: Math.round((action.weight / 100) * WHOLE),
        rolloutId: id,
        judgement,
        movedBy: id,
        reason: `step-${action.step + 1}`,
      });
    } else if (action.do === "complete") {
      await channels.shift(tx, { ...ended, channelId: channel.id, stableVersionId: canaryVersionId, reason: "completed" });
    } else {
      const earlier = channel.stable && !channel.stable.revoked ? channel.stable.id : await channels.earlierStable(tx, channel.id, null);
      await channels.shift(tx, { ...ended, channelId: channel.id, stableVersionId: earlier ?? stableVersionId, reason: "rolled-back" });
      if (earlier !== null) await repin(tx, channel.id, canaryVersionId, earlier, "rolled-back", rings);
    }
  };

  /** Carries out what was decided: all of it in the caller's transaction. */
  const carryOut = async (
    tx: FastTransaction,
    actor: Pick<Actor, "id" | "name">,
    rollout: RolloutRow,
    channel: Channel,
    { state, actions }: Advance,
    judged: StepJudgement,
    rings: Rings,
  ): Promise<void> => {
    const now = clock.now();
    const figures = figuresOf(judged);
    for (const action of actions) await act(tx, action, rollout, channel, rings);
    for (const action of actions) {
      if (action.do !== "tell") continue;
      const data = { ...action.data, ...figures };
      const event = {
        tenantId: rollout.tenantId,
        rolloutId: rollout.id,
        kind: action.kind,
        actorId: actor.id,
        actorName: actor.name,
        data,
      };
      await insertEvent(tx, { ...event, step: action.kind === "step" ? state.step : rollout.state.step }, now);
      if (action.kind !== "paused" && action.kind !== "rolled-back" && action.kind !== "completed") continue;
      const { id: rolloutId, number, templateName, channelName, canary: semver, baseline, startedBy, tenantId } = rollout;
      const { canaryVersionId: versionId } = rollout;
      const names = { rolloutId, number, templateName, channel: channelName, versionId, semver, baseline, startedBy };
      const payload = {
        ...names,
        step: rollout.state.step + 1,
        reason: state.reason,
        actorId: actor.id,
        actorName: actor.name,
        ...figures,
      };
      await addToOutbox(tx, { tenantId, topic: `rollout.${action.kind}`, key: rolloutId, payload });
    }
    if (!(await storeRollout(tx, rollout, state, verdictsOf(rollout, state, judged, now), now))) throw movedOn(rollout.number);
    rings.rollouts.add(rollout.id);
  };

  /** One look at a live rollout whose channel is held; whether anything but its figures changed. */
  const look = async (tx: FastTransaction, loop: SystemActor, rolloutId: string, held: Channel, rings: Rings): Promise<boolean> => {
    const rollout = await lockRollout(tx, rolloutId);
    if (!rollout || isOver(rollout.state)) return false;
    const facts = await factsOf(tx, rollout, held);
    const decided = advance(rollout.state, rollout.plan, facts, clock.now());
    if (decided.actions.length === 0) {
      if (!isNews(rollout.verdicts, facts)) return false;
      const verdicts = verdictsOf(rollout, rollout.state, facts, clock.now());
      if (!(await storeRollout(tx, rollout, rollout.state, verdicts, clock.now()))) throw movedOn(rollout.number);
      rings.rollouts.add(rollout.id);
      return false;
    }
    const channel = await fallBack(tx, held, rings);
    await carryOut(tx, loop, rollout, channel, decided, facts, rings);
    const [before, after] = [summaryOf(rollout, rollout.state), summaryOf(rollout, decided.state)];
    await audit.append(tx, {
      actor: loop,
      action: "rollouts.tick",
      resource: { kind: "rollout", id: rollout.id },
      outcome: "allowed",
      before,
      after,
    });
    return true;
  };

  /** A person's or a program's act on a live rollout. */
  const command = (
    actor: Actor,
    action: "rollouts.control" | "rollouts.pass-gate",
    number: number,
    decide: (state: RolloutState, plan: Plan, facts: Facts, now: Date, semver: string) => Advance,
  ): Promise<{ state: RolloutPhase }> =>
    ringing((rings) =>
      access.performFast({ actor, action, resource: { kind: "rollout", id: String(number) } }, async (tx, note) => {
        const found = await findByNumber(tx, number);
        const channel = found && (await channels.lock(tx, found.channelId));
        const rollout = found && (await lockRollout(tx, found.id));
        if (!rollout || !channel) throw new Failure("missing", "rollouts.missing", `There is no rollout ${number}`, { number });
        if (isOver(rollout.state))
          throw new Failure("conflict", "rollouts.ended", `Rollout ${number} is over`, { number, state: rollout.state.state });
        const facts = await factsOf(tx, rollout, channel);
        const decided = decide(rollout.state, rollout.plan, facts, clock.now(), rollout.canary);
        note.resource(rollout.id);
        note.before(summaryOf(rollout, rollout.state));
        await carryOut(tx, actor, rollout, channel, decided, facts, rings);
        note.after(summaryOf(rollout, decided.state));
        return { state: decided.state.state };
      }),
    );

  const inTenants = async <T extends { tenantId: string }>(
    items: readonly T[],
    work: (tx: FastTransaction, item: T, rings: Rings) => Promise<boolean>,
  ) => {
    let moved = 0;
    const failures: unknown[] = [];
    for (const item of items) {
      try {
        const did = await ringing((rings) => fastDatabase.inTenant(item.tenantId, (tx) => work(tx, item, rings)));
        if (did) moved += 1;
      } catch (error) {
        // One that fails keeps no other from being looked at.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return moved;
  };

  return {
    start: (actor, { templateName, channel: channelName, semver }) =>
      ringing((rings) =>
        access.performFast(
          { actor, action: "rollouts.start", resource: { kind: "rollout", id: "new", templateName } },
          async (tx, note) => {
            const held = await channels.lockNamed(tx, { templateName, channel: channelName });
            if (!held) throw missingChannel(templateName, channelName);
            const { problems, plan, version, targets } = await outlook(tx, channels, held, semver);
            if (problems[0]) throw problems[0];
            if (!plan || !version) throw new Error("a rollout without a plan or a version has a problem");
            const channel = await fallBack(tx, held, rings);
            const baselineVersionId = channel.stable && !channel.stable.revoked ? channel.stable.id : null;
            const now = clock.now();
            const { id, number } = await insertRollout(tx, {
              tenantId: channel.tenantId,
              channelId: channel.id,
              templateId: channel.templateId,
              baselineVersionId,
              canaryVersionId: version,
              planId: plan.id,
              plan: plan.plan,
              targets,
              startedBy: actor.id,
              startedByName: actor.name,
              now,
            });
            const rollout = await lockRollout(tx, id);
            if (!rollout) throw new Error("the rollout that was begun is not there");
            const facts = await factsOf(tx, rollout, channel);
            await carryOut(tx, actor, rollout, channel, advance(BEGUN, rollout.plan, facts, now), facts, rings);
            note.resource(id);
            note.after({
              baseline: rollout.baseline,
              number,
              templateName,
              channel: channelName,
              semver,
              plan: plan.plan.name,
              planDigest: plan.digest,
            });
            return { number };
          },
        ),
      ),

    preview: (actor, { templateName, channel: channelName, semver }) =>
      access.readFast({ actor, action: "rollouts.read", resource: { kind: "rollout", id: "new", templateName } }, async (tx) => {
        const channel = await channels.find(tx, { templateName, channel: channelName });
        if (!channel) throw missingChannel(templateName, channelName);
        const { problems, plan } = await outlook(tx, channels, channel, semver);
        const stable = channel.stable && !channel.stable.revoked ? await channels.pins(tx, channel.stable.id) : null;
        return {
          baseline: stable?.semver ?? null,
          plan: plan?.plan ?? null,
          problems: problems.map(({ code, message }) => ({ code, message })),
        };
      }),

    pause: (actor, { number, reason }) =>
      command(actor, "rollouts.control", number, (state, _plan, _facts, now) => {
        if (state.state === "paused") return { state: { ...state, reason }, actions: [] };
        return pauseFor(state, reason, now);
      }),

    resume: (actor, { number }) =>
      command(actor, "rollouts.control", number, (state, _plan, facts, now) => {
        if (state.state !== "paused") throw new Failure("conflict", "rollouts.not-paused", `Rollout ${number} is not paused`, { number });
        if (facts.baseline === "revoked" || state.reason === BASELINE_REVOKED) {
          throw new Failure("conflict", "rollouts.baseline-revoked", `The baseline of rollout ${number} was revoked: promote or abort it`, {
            number,
          });
        }
        return resume(state, now);
      }),

    promote: (actor, { number, reason }) =>
      command(actor, "rollouts.control", number, (state, plan, facts, now, semver) => {
        const gate = closedGate(state, plan);
        if (gate)
          throw new Failure("conflict", "rollouts.gate-waiting", `Rollout ${number} waits at a gate: ${gate.title}`, {
            number,
            title: gate.title,
          });
        if (facts.canary === "revoked") throw unusable("revoked", semver);
        return promote(state, plan, now, reason);
      }),

    abort: (actor, { number, reason }) =>
      command(actor, "rollouts.control", number, (state, _plan, _facts, now) => rollBack(state, "aborted", now, { note: reason })),

    passGate: (actor, { number }) =>
      command(actor, "rollouts.pass-gate", number, (state, plan, _facts, now) => {
        const gate = closedGate(state, plan);
        if (!gate)
          throw new Failure("conflict", "rollouts.no-gate", `The present step of rollout ${number} has no closed gate`, { number });
        return passGate(state, now, gate.title);
      }),

    tick: async () => {
      const live = await fastDatabase.asSystem(listLive, { readOnly: true });
      return inTenants(live, async (tx, { id, tenantId, channelId }, rings) => {
        const channel = await channels.lock(tx, channelId);
        return channel !== null && (await look(tx, systemActor("rollouts", tenantId), id, channel, rings));
      });
    },

    onVersionRevoked: async (_loop, { versionId }) => {
      const touched = await fastDatabase.asSystem((tx) => channels.of(tx, versionId), { readOnly: true });
      return inTenants(touched, async (tx, { id, tenantId }, rings) => {
        const held = await channels.lock(tx, id);
        if (!held) return false;
        const loop = systemActor("rollouts", tenantId);
        const channel = await fallBack(tx, held, rings);
        if (channel !== held) {
          const [before, after] = [
            { stableVersionId: held.stable?.id },
            { stableVersionId: channel.stable?.id, reason: "version-revoked" },
          ];
          await audit.append(tx, {
            actor: loop,
            action: "rollouts.tick",
            resource: { kind: "channel", id },
            outcome: "allowed",
            before,
            after,
          });
        }
        const moved = channel.rolloutId !== null && (await look(tx, loop, channel.rolloutId, channel, rings));
        return moved || channel !== held;
      });
    },
  };
}

function shiftOf(channel: Channel) {
  const { id: channelId, canary, canaryWeight, rolloutId, judgement } = channel;
  return { channelId, canaryVersionId: canary?.id ?? null, canaryWeight, rolloutId, judgement };
}

function figuresOf({ samples, metrics }: StepJudgement) {
  return {
    samples,
    metrics: metrics.map(({ name, baseline, canary, analysis }) => ({
      name,
      baseline,
      canary,
      verdict: analysis?.verdict ?? null,
      interval: analysis?.interval ?? null,
      samplesNeeded: analysis?.samplesNeeded ?? null,
    })),
  };
}

function verdictsOf(rollout: RolloutRow, { accepted, told }: RolloutState, judged: StepJudgement, now: Date): Verdicts {
  const series = withTick(rollout.verdicts?.series ?? {}, rollout.state.step, judged.metrics, now);
  return { at: now.toISOString(), ...figuresOf(judged), series, accepted, told };
}

/** Whether there is anything to remember that was not seen before. */
function isNews(seen: Verdicts | null, judged: StepJudgement): boolean {
  const { samples, metrics } = figuresOf(judged);
  return seen === null || JSON.stringify([seen.samples, seen.metrics]) !== JSON.stringify([samples, metrics]);
}

function summaryOf({ number, templateName, channelName, canary }: RolloutRow, { state, reason, step }: RolloutState) {
  return { number, templateName, channel: channelName, semver: canary, state, reason, step: step + 1 };
}

function missingChannel(templateName: string, channel: string): Failure {
  return new Failure("missing", "channels.missing", `${templateName} has no channel ${channel}`, { templateName, channel });
}

function movedOn(number: number): Failure {
  return new Failure("conflict", "rollouts.moved-on", `Rollout ${number} moved on meanwhile`, { number });
}
