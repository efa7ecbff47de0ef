/**
 * A rollout plan: how a channel moves from one version to another. Read from YAML like a manifest, immutable once published, and copied into
 * every rollout that follows it.
 */

import { pointerOf } from "@agent-factory/manifest/diagnostic";
import { digestOf } from "@agent-factory/manifest/digest";
import { readDocument } from "@agent-factory/manifest/document";
import { parseDuration } from "@agent-factory/manifest/units";
import { z } from "zod";

export const METRICS = ["failed", "slow", "dear"] as const;
export type MetricName = (typeof METRICS)[number];

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DEADLINE_MS_MAX = 30 * 24 * 60 * 60_000;
const MIN_SAMPLES = 50;

const deadline = z
  .string()
  .transform((text) => parseDuration(text))
  .refine((ms): ms is number => ms !== null && ms >= 1_000 && ms <= DEADLINE_MS_MAX, "a duration from 1s to 30d, such as 30m");

const step = z.strictObject({
  weight: z.number().min(0.01).max(100),
  minSamples: z.int().min(0).max(10_000_000).optional(),
  deadline,
  onDeadline: z.enum(["proceed", "pause"]).default("pause"),
  gate: z.strictObject({ title: z.string().min(1).max(200) }).optional(),
});

const metric = z.strictObject({
  name: z.enum(METRICS),
  tolerance: z.number().min(0.1).max(100).default(1),
  margin: z.number().min(0.1).max(1_000).default(1.5),
  onBreach: z.enum(["rollback", "pause", "notify"]),
});

const document = z
  .strictObject({
    apiVersion: z.literal("agentfactory.dev/v1"),
    kind: z.literal("RolloutPlan"),
    metadata: z.strictObject({ name: z.string().regex(NAME), title: z.string().min(1).max(200) }),
    spec: z.strictObject({
      alpha: z.number().min(0.000_001).max(0.2).default(0.01),
      steps: z.array(step).min(1).max(12),
      metrics: z.array(metric).min(1).max(METRICS.length),
    }),
  })
  .superRefine(({ spec: { steps, metrics } }, context) => {
    const say = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path: ["spec", ...path], message });
    steps.forEach(({ weight }, at) => {
      const before = steps[at - 1];
      if (before && weight <= before.weight) say(["steps", at, "weight"], "more than the step before");
    });
    if (steps.at(-1)?.weight !== 100) say(["steps", steps.length - 1, "weight"], "100: the last step gives everything to the canary");
    metrics.forEach(({ name, tolerance, margin }, at) => {
      if (metrics.findIndex((other) => other.name === name) < at) say(["metrics", at, "name"], "named once");
      if (margin <= tolerance) say(["metrics", at, "margin"], "more than the tolerance");
    });
  });

export type PlanStep = {
  /** Percent. */
  readonly weight: number;
  /** Of the canary, in sticky keys. */
  readonly minSamples: number;
  readonly deadlineMs: number;
  readonly onDeadline: "proceed" | "pause";
  /** The step is left only after a person let it. */
  readonly gate: { readonly title: string } | null;
};
export type PlanMetric = z.infer<typeof metric>;
export type Plan = {
  readonly name: string;
  readonly title: string;
  /** The probability that a rollout without a fault is rolled back; shared by its metrics and steps. */
  readonly alpha: number;
  readonly steps: readonly PlanStep[];
  readonly metrics: readonly PlanMetric[];
};

/** `line` and `column` count from 1. */
export type PlanIssue = { readonly pointer: string; readonly line: number; readonly column: number; readonly message: string };
export type ReadPlan =
  | { readonly plan: Plan; readonly digest: string; readonly issues: readonly [] }
  | { readonly plan: null; readonly digest: null; readonly issues: readonly PlanIssue[] };

export function readPlan(source: string): ReadPlan {
  const { data, diagnostics, locate } = readDocument(source);
  const no = (issues: readonly PlanIssue[]): ReadPlan => ({ plan: null, digest: null, issues });
  if (diagnostics.length > 0)
    return no(diagnostics.map(({ pointer, line, column, message }) => ({ pointer, line, column, message: message.en })));
  const parsed = document.safeParse(data);
  if (!parsed.success)
    return no(
      parsed.error.issues.slice(0, 50).map(({ path, message }) => {
        const pointer = pointerOf(path);
        const { line, column } = locate(pointer);
        return { pointer, line, column, message };
      }),
    );
  const { metadata, spec } = parsed.data;
  const steps = spec.steps.map(
    ({ weight, minSamples, deadline: deadlineMs, onDeadline, gate }): PlanStep => ({
      weight,
      minSamples: minSamples ?? (weight === 100 ? 0 : MIN_SAMPLES),
      deadlineMs,
      onDeadline,
      gate: gate ?? null,
    }),
  );
  return { plan: { ...metadata, alpha: spec.alpha, steps, metrics: spec.metrics }, digest: digestOf(data), issues: [] };
}
