/**
 * The one bucketing of usage: outcomes become sums and sketches, by series and bucket, for three grains. Pure. Live counting and rebuilding
 * from raw both go through here, so they cannot differ.
 *
 * A series is (tenant, template, version, channel); buckets are UTC, half-open `[bucket, bucket + grain)`. Everything is an integer or a
 * sketch of counts: adding is associative and commutative, so order, batches and repetition of batches do not show.
 */
import type { Outcome } from "./outcome.ts";
import { Sketch } from "./sketch.ts";

export const GRAINS_SECONDS = [60, 3_600, 86_400] as const;
export type GrainSeconds = (typeof GRAINS_SECONDS)[number];

/** Stands for "none" in a key: tries have no version, runs by range no channel. */
export const NONE = "00000000-0000-0000-0000-000000000000";

export const SUMS = [
  "runs",
  "succeeded",
  "failed",
  "cancelled",
  "dead",
  "slow",
  "timed",
  "cpuUs",
  "memoryMibMs",
  "allocatedNanos",
  "usedNanos",
] as const;
export type Sums = Record<(typeof SUMS)[number], number>;

export type Rollup = {
  readonly tenantId: string;
  readonly grainSeconds: GrainSeconds;
  readonly bucket: Date;
  readonly templateId: string;
  readonly versionId: string;
  readonly channelId: string;
  readonly sums: Sums;
  /** Of attempts that have a time, in milliseconds. */
  readonly durations: Sketch;
  readonly waits: Sketch;
};

/**
 * The roll-ups of these outcomes, in the order of their keys. Whoever adds them to others may merge into their sketches. Coarser ones are
 * made of finer ones: adding is associative.
 */
export function rollUp(outcomes: Iterable<Outcome>): Rollup[] {
  const minutes = new Map<string, Rollup>();
  for (const outcome of outcomes) add(rollupAt(minutes, GRAINS_SECONDS[0], outcome.at.getTime(), seriesOf(outcome)), outcome);
  const rollups = [minutes];
  for (const grainSeconds of GRAINS_SECONDS.slice(1)) {
    const coarse = new Map<string, Rollup>();
    for (const fine of rollups.at(-1)?.values() ?? []) merge(rollupAt(coarse, grainSeconds, fine.bucket.getTime(), fine), fine);
    rollups.push(coarse);
  }
  return rollups
    .flatMap((grain) => [...grain])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, rollup]) => rollup);
}

type Series = Pick<Rollup, "tenantId" | "templateId" | "versionId" | "channelId">;

function seriesOf({ tenantId, templateId, versionId, channelId }: Outcome): Series {
  return { tenantId, templateId, versionId: versionId ?? NONE, channelId: channelId ?? NONE };
}

function rollupAt(rollups: Map<string, Rollup>, grainSeconds: GrainSeconds, atMs: number, series: Series): Rollup {
  const start = bucketOf(atMs, grainSeconds);
  const { tenantId, templateId, versionId, channelId } = series;
  // Fixed widths, so that the order of the texts is that of the columns.
  const key = `${tenantId} ${String(grainSeconds).padStart(6, "0")} ${String(start).padStart(15, "0")} ${templateId} ${versionId} ${channelId}`;
  const known = rollups.get(key);
  if (known) return known;
  const rollup: Rollup = {
    tenantId,
    grainSeconds,
    bucket: new Date(start),
    templateId,
    versionId,
    channelId,
    sums: Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums,
    durations: new Sketch(),
    waits: new Sketch(),
  };
  rollups.set(key, rollup);
  return rollup;
}

function merge(into: Rollup, from: Rollup): void {
  for (const name of SUMS) into.sums[name] += from.sums[name];
  into.durations.merge(from.durations);
  into.waits.merge(from.waits);
}

export function bucketOf(atMs: number, grainSeconds: number): number {
  return Math.floor(atMs / (grainSeconds * 1_000)) * grainSeconds * 1_000;
}

function add({ sums, durations, waits }: Rollup, outcome: Outcome): void {
  if (outcome.state !== "lost") {
    sums.runs += 1;
    sums[outcome.state] += 1;
  }
  if (outcome.slow !== null) sums.timed += 1;
  if (outcome.slow === true) sums.slow += 1;
  sums.cpuUs += outcome.cpuUs;
  sums.memoryMibMs += outcome.memoryMibMs;
  sums.allocatedNanos += outcome.costNanos;
  sums.usedNanos += outcome.usedNanos;
  // A cancelled run's time says when somebody lost patience, not how long the work takes.
  if (outcome.durationMs !== null && outcome.state !== "cancelled") durations.add(outcome.durationMs);
  if (outcome.waitMs !== null) waits.add(outcome.waitMs);
}
