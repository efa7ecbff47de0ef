/**
 * Channels: what runs ask for by name. A submit resolves one inside its own transaction (`channel.ts` says how); rollouts alone move one.
 * Reads that pin nothing may be answered from memory, for two seconds at most and less when the doorbell rings.
 */
import type { Clock } from "../../platform/clock.ts";
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { RedisConnections } from "../../platform/redis.ts";
import type { Access } from "../access/access.ts";
import type { Actor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { createShortMemory } from "../short-memory.ts";
import { type Cohort, type Judged, resolve, WHOLE } from "./channel.ts";
import {
  type ChannelRow,
  findChannel,
  findChannelById,
  findEarlierStable,
  findTemplate,
  holdVersion,
  insertChannel,
  listChannels,
  listChannelsOf,
  listMoves,
  moveChannel,
  type Shift,
} from "./channel-store.ts";
import { createPinReader, type Pins } from "./pins.ts";

export type { Judged, Judgement } from "./channel.ts";
export type { ChannelRow, Shift } from "./channel-store.ts";
export type { Pins } from "./pins.ts";

export { WHOLE };

/** Rung with a channel's id after each of its moves. */
export const CHANNELS_DOORBELL = "channels";
/** What was read is believed so long, whatever becomes of the doorbell. */
export const STALE_MS_MAX = 2_000;

export type Resolved = {
  readonly channelId: string;
  readonly channelName: string;
  readonly versionId: string;
  readonly cohort: Cohort | null;
  readonly rolloutId: string | null;
  readonly step: number | null;
  readonly stickyHash: bigint;
  readonly judged: Judged | null;
};

export type ChannelView = {
  id: string;
  templateName: string;
  name: string;
  planName: string;
  stable: { versionId: string; semver: string; state: string } | null;
  canary: { versionId: string; semver: string; state: string } | null;
  canaryWeightPercent: number;
  rollout: { number: number; state: string } | null;
  runsLast24h: number;
  updatedAt: string;
};

export type ChannelMoveView = {
  revision: number;
  at: string;
  stable: string | null;
  canary: string | null;
  weightPercent: number;
  reason: string;
  rolloutNumber: number | null;
};

type Named = { readonly templateName: string; readonly channel: string };

export type Channels = {
  list(actor: Actor, input: { templateName?: string | undefined }): Promise<{ items: ChannelView[] }>;
  /**
   * A channel resolves to nothing until a rollout gives it its first version. It names its plan, which need not be there or signed yet: who
   * begins a rollout by it asks for that. Failures: `templates.missing`, `channels.name-taken`.
   */
  create(actor: Actor, input: { templateName: string; name: string; planName: string }): Promise<{ channelId: string }>;
  /** Failures: `channels.missing`. */
  history(actor: Actor, input: { templateName: string; name: string }): Promise<{ items: ChannelMoveView[] }>;
  /**
   * What the key gets now. The channel and the version are held until the transaction ends: a move or a revocation comes after us and finds
   * what we pinned. Failures: `channels.missing`, `channels.no-valid-version`.
   */
  resolve(tx: FastTransaction, input: Named & { key: string }): Promise<Resolved>;
  /** What the key would get: not pinned, not held, at most {@link STALE_MS_MAX} old. Failures: those of `resolve`. */
  resolveCached(actor: Actor, input: Named & { key: string }): Promise<Resolved>;
  /** The versions that the channel may answer now, to be looked at before the transaction that resolves. Failures: `channels.missing`. */
  candidates(actor: Actor, input: Named): Promise<Pins[]>;
  /** What a run of a version needs; null when it is unsigned, its signature is distrusted, or no host runs it. */
  pins(tx: FastTransaction, versionId: string): Promise<Pins | null>;
  /** What a run whose canary attempt failed gets instead, held like in `resolve` (null: no valid stable version), and which canary there is now. */
  baseline(tx: FastTransaction, channelId: string): Promise<{ canaryVersionId: string | null; pins: Pins | null }>;
  /** For rollouts alone: the channel, held alone until the transaction ends. */
  lock(tx: FastTransaction, channelId: string): Promise<Omit<ChannelRow, "templateName"> | null>;
  lockNamed(tx: FastTransaction, input: Named): Promise<ChannelRow | null>;
  find(tx: FastTransaction, input: Named): Promise<ChannelRow | null>;
  /** For rollouts alone, by whoever holds it with `lock`. Ring after the commit. */
  shift(tx: FastTransaction, shift: Shift): Promise<void>;
  /** The version that was stable last and is not revoked, nor `except`. */
  earlierStable(tx: FastTransaction, channelId: string, except: string | null): Promise<string | null>;
  /** Channels that resolve to what this version says. */
  of(tx: FastTransaction, versionId: string): Promise<{ id: string; tenantId: string }[]>;
  ring(channelId: string): void;
};

export type ChannelsParts = {
  readonly access: Access;
  readonly redis: Pick<RedisConnections, "publish" | "subscriber">;
  readonly clock: Clock;
};

export function createChannels({ access, redis, clock }: ChannelsParts): Channels {
  const pinsOf = createPinReader();
  const remembered = createShortMemory<ChannelRow>({
    hear: (listener) => redis.subscriber.on(CHANNELS_DOORBELL, listener),
    now: clock.now,
    staleMs: STALE_MS_MAX,
  });
  const reading = (actor: Actor, { templateName, channel }: Named) =>
    ({ actor, action: "channels.read", resource: { kind: "channel", id: `${templateName}/${channel}` } }) as const;

  const hold = async (tx: FastTransaction, channel: Omit<ChannelRow, "templateName">, key: string): Promise<Resolved | null> => {
    const first = resolve(channel, key);
    if (!first || (await holdVersion(tx, first.versionId))) return first && resolvedOf(channel, first);
    // It was revoked between our two looks: the next best, or nothing.
    const { stable, canary } = channel;
    const next = resolve({ ...channel, stable: outdated(stable, first.versionId), canary: outdated(canary, first.versionId) }, key);
    return next && (await holdVersion(tx, next.versionId)) ? resolvedOf(channel, next) : null;
  };

  return {
    list: (actor, { templateName = null }) =>
      access.readFast({ actor, action: "channels.read", resource: { kind: "channel", id: "*" } }, async (tx) => ({
        items: (await listChannels(tx, templateName ?? null, clock.now())).map(({ canaryWeight, updatedAt, ...row }) => ({
          ...row,
          canaryWeightPercent: canaryWeight / 100,
          updatedAt: updatedAt.toISOString(),
        })),
      })),

    create: (actor, { templateName, name, planName }) =>
      access.performFast({ actor, action: "channels.create", resource: { kind: "channel", id: "new", templateName } }, async (tx, note) => {
        const templateId = await findTemplate(tx, templateName);
        if (templateId === null)
          throw new Failure("missing", "templates.missing", `There is no template named ${templateName}`, { name: templateName });
        const tenantId = actor.tenantId ?? "";
        const channelId = await insertChannel(tx, { tenantId, templateId, name, planName, createdBy: actor.id, now: clock.now() });
        if (channelId === null)
          throw new Failure("conflict", "channels.name-taken", `${templateName} has a channel ${name}`, { templateName, channel: name });
        note.resource(channelId);
        note.after({ templateName, name, planName });
        return { channelId };
      }),

    history: (actor, { templateName, name }) =>
      access.readFast(reading(actor, { templateName, channel: name }), async (tx) => {
        const channel = await findChannel(tx, { templateName, name }, "no");
        if (!channel) throw missing({ templateName, channel: name });
        const moves = await listMoves(tx, channel.id);
        return {
          items: moves.map(({ at, canaryWeight, ...move }) => ({ ...move, at: at.toISOString(), weightPercent: canaryWeight / 100 })),
        };
      }),

    resolve: async (tx, { key, ...named }) => {
      const channel = await findChannel(tx, { templateName: named.templateName, name: named.channel }, "share");
      if (!channel) throw missing(named);
      const resolved = await hold(tx, channel, key);
      if (!resolved) throw noValidVersion(named);
      return resolved;
    },

    resolveCached: async (actor, { key, ...named }) => {
      // By whom it is asked as well: what this remembers is also that they may.
      const place = `${actor.kind}:${actor.id}:${actor.tenantId}:${named.templateName}/${named.channel}`;
      const channel = await remembered.get(place, () =>
        access.readFast(reading(actor, named), (tx) => findChannel(tx, { templateName: named.templateName, name: named.channel }, "no")),
      );
      if (!channel) throw missing(named);
      const resolution = resolve(channel, key);
      if (!resolution) throw noValidVersion(named);
      return resolvedOf(channel, resolution);
    },

    candidates: (actor, named) =>
      access.readFast(reading(actor, named), async (tx) => {
        const channel = await findChannel(tx, { templateName: named.templateName, name: named.channel }, "no");
        if (!channel) throw missing(named);
        const pins: Pins[] = [];
        for (const version of [channel.stable, channel.canary]) {
          const found = version && !version.revoked ? await pinsOf(tx, version.id) : null;
          if (found) pins.push(found);
        }
        return pins;
      }),

    pins: pinsOf,

    baseline: async (tx, channelId) => {
      const channel = await findChannelById(tx, channelId, "share");
      const canaryVersionId = channel?.canary?.id ?? null;
      const stable = channel?.stable && !channel.stable.revoked ? channel.stable : null;
      // The channel is held, and whoever hears of a revocation takes the channel before it ends runs: it finds what we move.
      return { canaryVersionId, pins: stable && (await pinsOf(tx, stable.id)) };
    },

    lock: (tx, channelId) => findChannelById(tx, channelId, "update"),
    lockNamed: (tx, { templateName, channel }) => findChannel(tx, { templateName, name: channel }, "update"),
    find: (tx, { templateName, channel }) => findChannel(tx, { templateName, name: channel }, "no"),
    shift: async (tx, shift) => void (await moveChannel(tx, shift, clock.now())),
    earlierStable: findEarlierStable,
    of: listChannelsOf,
    ring: (channelId) => void redis.publish(CHANNELS_DOORBELL, channelId),
  };
}

function outdated(version: ChannelRow["stable"], revokedId: string): ChannelRow["stable"] {
  return version?.id === revokedId ? { ...version, revoked: true } : version;
}

function resolvedOf(channel: Omit<ChannelRow, "templateName">, resolution: NonNullable<ReturnType<typeof resolve>>): Resolved {
  const { id: channelId, name: channelName, rolloutId, judgement } = channel;
  return { channelId, channelName, rolloutId, step: judgement?.step ?? null, ...resolution };
}

function missing({ templateName, channel }: Named): Failure {
  return new Failure("missing", "channels.missing", `${templateName} has no channel ${channel}`, { templateName, channel });
}

function noValidVersion({ templateName, channel }: Named): Failure {
  return new Failure("unavailable", "channels.no-valid-version", `${templateName} has no version on ${channel} that may run now`, {
    templateName,
    channel,
  });
}
