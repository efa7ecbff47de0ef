import { z } from "zod";
import { channelName } from "../channels.ts";
import { name, printable, semver } from "../templates.ts";
import { cursor, nextCursor, operation, time } from "./route.ts";

const state = z.enum(["pending", "running", "paused", "completed", "rolled_back"]);
const number = z.coerce.number().int().positive().max(2_147_483_647);
const one = z.object({ number });
const reason = printable.trim().min(1).max(1_000);
const summary = z.object({
  number: z.int(),
  templateName: z.string(),
  channel: z.string(),
  baseline: z.string().nullable().describe("Null: the channel's first version."),
  canary: z.string(),
  state,
  stateReason: z.string().nullable(),
  step: z.int().describe("From 0."),
  steps: z.int(),
  weightPercent: z.number(),
  verdict: z.enum(["breached", "healthy", "unknown"]).nullable(),
  startedAt: time,
  startedByName: z.string(),
  endedAt: time.nullable(),
});
const ratio = z.object({ units: z.int(), samples: z.int(), ratio: z.number().nullable() });

const command = <V extends "pause" | "promote" | "abort">(verb: V, what: string, failures: readonly string[]) =>
  operation({
    id: `rollouts.${verb}`,
    method: "POST",
    path: `/v1/rollouts/{number}/${verb}`,
    summary: what,
    action: "rollouts.control",
    params: one,
    body: z.strictObject({ reason }),
    reply: z.object({ state }),
    failures: ["rollouts.missing", "rollouts.ended", ...failures],
    run: (domain, caller, { params, body }) => domain.rollouts[verb](caller, { ...params, ...body }),
  });

export const rolloutOperations = [
  operation({
    id: "rollouts.list",
    method: "GET",
    path: "/v1/rollouts",
    summary: "Rollouts, those under way first",
    action: "rollouts.read",
    query: z.object({ state: z.enum(["live", "ended"]).optional(), template: name.optional(), cursor: cursor }),
    reply: z.object({ items: z.array(summary), nextCursor }),
    run: (domain, caller, { query: { state, template, cursor } }) =>
      domain.views.rollouts.list(caller, { state, templateName: template, cursor }),
  }),
  operation({
    id: "rollouts.get",
    method: "GET",
    path: "/v1/rollouts/{number}",
    summary: "One rollout: its step, what is known of each metric, and the verdicts",
    action: "rollouts.read",
    params: one,
    reply: summary.extend({
      metrics: z.array(
        z.object({
          name: z.enum(["failed", "slow", "dear"]),
          verdict: z.enum(["breached", "healthy", "unknown"]),
          baseline: ratio.nullable(),
          canary: ratio,
          interval: z
            .object({ lower: z.number(), upper: z.number() })
            .nullable()
            .describe("Confidence sequence of the rate ratio canary / baseline: it holds at every look."),
        }),
      ),
    }),
    failures: ["rollouts.missing"],
    run: (domain, caller, { params }) => domain.views.rollouts.get(caller, params),
  }),
  operation({
    id: "rollouts.start",
    method: "POST",
    path: "/v1/rollouts",
    summary: "Move a channel to a version, step by step, by the channel's plan",
    action: "rollouts.start",
    status: 201,
    body: z.strictObject({ template: name, channel: channelName, semver }),
    reply: z.object({ number: z.int() }),
    failures: [
      "channels.missing",
      "plans.missing",
      "plans.unsigned",
      "plans.distrusted",
      "templates.version-missing",
      "rollouts.live",
      "rollouts.same-version",
      "rollouts.version-unusable",
    ],
    run: (domain, caller, { body: { template, channel, semver } }) =>
      domain.rollouts.start(caller, { templateName: template, channel, semver }),
  }),
  command("pause", "Stop where it stands; the deadline's clock stands still", []),
  operation({
    id: "rollouts.resume",
    method: "POST",
    path: "/v1/rollouts/{number}/resume",
    summary: "Go on after a pause",
    action: "rollouts.control",
    params: one,
    reply: z.object({ state }),
    failures: ["rollouts.missing", "rollouts.ended", "rollouts.not-paused", "rollouts.baseline-revoked"],
    run: (domain, caller, { params }) => domain.rollouts.resume(caller, params),
  }),
  command("promote", "Go on to the next closed gate, or to the end, without waiting for verdicts", ["rollouts.gate-waiting"]),
  command("abort", "Roll back: everything on the channel goes to the baseline", []),
] as const;
