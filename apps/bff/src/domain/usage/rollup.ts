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
  "allocatedMicros",
  "usedMicros",
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

/** The roll-ups of these outcomes, in the order of their keys. Whoever adds them to others may merge into their sketches. */
export function rollUp(outcomes: Iterable<Outcome>): Rollup[] {
  const rollups = new Map<string, Rollup>();
  for (const outcome of outcomes) {
    for (const grainSeconds of GRAINS_SECONDS) {
      const start = bucketOf(outcome.at.getTime(), grainSeconds);
      const versionId = outcome.versionId ?? NONE;
      const channelId = outcome.channelId ?? NONE;
      // Fixed widths, so that the order of the texts is that of the columns.
      const key = `${outcome.tenantId} ${String(grainSeconds).padStart(6, "0")} ${String(start).padStart(15, "0")} ${outcome.templateId} ${versionId} ${channelId}`;
      let rollup = rollups.get(key);
      if (!rollup) {
        rollup = {
          tenantId: outcome.tenantId,
          grainSeconds,
          bucket: new Date(start),
          templateId: outcome.templateId,
          versionId,
          channelId,
          sums: Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums,
          durations: new Sketch(),
          waits: new Sketch(),
        };
        rollups.set(key, rollup);
      }
      add(rollup, outcome);
    }
  }
  return [...rollups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rollup]) => rollup);
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
  sums.allocatedMicros += outcome.costMicros;
  sums.usedMicros += outcome.usedMicros;
  // A cancelled run's time says when somebody lost patience, not how long the work takes.
  if (outcome.durationMs !== null && outcome.state !== "cancelled") durations.add(outcome.durationMs);
  if (outcome.waitMs !== null) waits.add(outcome.waitMs);
}
