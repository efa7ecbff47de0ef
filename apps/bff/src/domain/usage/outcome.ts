/**
 * An attempt that ended, as `runs` says it, and what counting it means: pure.
 *
 *   said (usage_inbox) -> counted (run_outcomes, roll-ups, cohorts)      once for each (run, attempt)
 *
 * `succeeded`, `failed`, `cancelled` and `dead` come from the ledger, where a run ends or a canary attempt fails and is moved. `lost` is
 * what a host says it used for an attempt that the ledger took away from it: it costs, and is nothing else: no run, no sample, no time.
 */
import { z } from "zod";
import { allocatedNanos, type Prices, usedNanos } from "./price-book.ts";

const uuid = z.uuid();
const amount = z.number().min(0).nullish().catch(null);

export const outcomeSchema = z.object({
  templateId: uuid,
  versionId: uuid.nullish().default(null),
  channelId: uuid.nullish().default(null),
  hostId: uuid.nullish().default(null),
  state: z.enum(["succeeded", "failed", "cancelled", "dead", "lost"]),
  errorKind: z.string().max(63).nullish().default(null),
  durationMs: amount,
  waitMs: amount,
  cpuMs: amount,
  memoryBytesPeak: amount,
  limits: z.object({ cpuMillis: amount, memoryBytes: amount }).partial().nullish().catch(null),
  /** A signed 64-bit number as text. */
  stickyHash: z
    .string()
    .regex(/^-?\d{1,19}$/)
    .nullish()
    .catch(null),
  judged: z
    .object({
      rolloutId: uuid,
      step: z.int().nonnegative(),
      cohort: z.enum(["baseline", "canary"]),
      slowMs: z.number().nullish(),
      dearMicros: z.number().nullish(),
    })
    .nullish()
    .default(null),
});

export type OutcomeSaid = z.infer<typeof outcomeSchema>;

export type Metric = "failed" | "slow" | "dear";

/** A row of `run_outcomes`. */
export type Outcome = {
  readonly tenantId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly at: Date;
  readonly templateId: string;
  readonly versionId: string | null;
  readonly channelId: string | null;
  readonly hostId: string | null;
  readonly state: OutcomeSaid["state"];
  readonly errorKind: string | null;
  readonly durationMs: number | null;
  readonly waitMs: number | null;
  readonly cpuUs: number;
  readonly memoryMibMs: number;
  readonly costNanos: number;
  readonly usedNanos: number;
  /** Against the latency objective of its version; null: there is none, or there is no time to judge. */
  readonly slow: boolean | null;
  readonly rolloutId: string | null;
  readonly step: number | null;
  readonly cohort: "baseline" | "canary" | null;
  readonly stickyHash: string | null;
  readonly bad: readonly Metric[];
};

export type Row = { readonly tenantId: string; readonly runId: string; readonly attempt: number; readonly at: Date };

const MIB = 2 ** 20;

/** What counting it will write, at the prices of its time and against what its version promises. */
export function outcomeOf(row: Row, said: OutcomeSaid, { prices, latencyMs }: { prices: Prices; latencyMs: number | null }): Outcome {
  const { state, judged } = said;
  const counts = state !== "lost";
  const durationMs = said.durationMs ?? null;
  const [cpuMs, memoryBytesPeak] = [said.cpuMs ?? 0, said.memoryBytesPeak ?? 0];
  const reserved = { durationMs: durationMs ?? 0, cpuMillis: said.limits?.cpuMillis ?? 0, memoryBytes: said.limits?.memoryBytes ?? 0 };
  const costNanos = allocatedNanos(prices, reserved);
  // What nobody asked to end has a time worth judging: a cancelled run is neither quick nor slow.
  const timed = durationMs !== null && counts && state !== "cancelled";
  const sample = judged !== null && counts && state !== "cancelled" && said.stickyHash != null;
  const bad: Metric[] = [];
  if (sample) {
    if (state === "failed" || state === "dead") bad.push("failed");
    if (judged.slowMs != null && durationMs !== null && durationMs > judged.slowMs) bad.push("slow");
    if (judged.dearMicros != null && costNanos > judged.dearMicros * 1_000) bad.push("dear");
  }
  return {
    ...row,
    templateId: said.templateId,
    versionId: said.versionId,
    channelId: said.channelId,
    hostId: said.hostId,
    state,
    errorKind: said.errorKind,
    durationMs: counts ? durationMs : null,
    waitMs: counts ? (said.waitMs ?? null) : null,
    cpuUs: Math.round(cpuMs * 1_000),
    memoryMibMs: Math.round((memoryBytesPeak / MIB) * (durationMs ?? 0)),
    costNanos,
    usedNanos: usedNanos(prices, { durationMs: durationMs ?? 0, cpuMs, memoryBytesPeak }),
    slow: timed && latencyMs !== null ? durationMs > latencyMs : null,
    rolloutId: sample ? judged.rolloutId : null,
    step: sample ? judged.step : null,
    cohort: sample ? judged.cohort : null,
    stickyHash: said.stickyHash ?? null,
    bad,
  };
}
