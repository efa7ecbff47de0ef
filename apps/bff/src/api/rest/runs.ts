import { z } from "zod";
import { name, printable, semver } from "../templates.ts";
import { cursor, nextCursor, operation, time } from "./route.ts";

const state = z.enum(["queued", "leased", "running", "succeeded", "failed", "cancelled", "dead"]);
const summary = z.object({
  id: z.uuid(),
  templateName: z.string(),
  semver: z.string().nullable(),
  channel: z.string().nullable(),
  cohort: z.enum(["baseline", "canary"]).nullable().describe("Null outside rollouts."),
  moved: z.boolean().describe("Its canary failed or went away: it went on with the stable version."),
  state,
  stateReason: z.string().nullable(),
  attempt: z.int(),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
const run = z.object({ runId: z.uuid() });

export const runOperations = [
  operation({
    id: "runs.submit",
    method: "POST",
    path: "/v1/runs",
    summary: "Submit a run of a published version",
    action: "runs.submit",
    status: 202,
    body: z
      .strictObject({
        template: name,
        channel: name.optional().describe("Its version, or its canary for the share of keys that the rollout says. Not with `range`."),
        range: printable
          .max(100)
          .optional()
          .describe("`latest` (what is taken when nothing is said), an exact version, or a range such as `^1.2`."),
        key: printable
          .min(1)
          .max(200)
          .optional()
          .describe("Whom the run is for, such as a user's id: one key meets one version while a rollout lasts."),
        input: z.json().describe("What the template's input schema asks for."),
      })
      .refine(({ channel, range }) => channel === undefined || range === undefined, {
        message: "say channel or range, not both",
        path: ["range"],
      }),
    reply: z.object({ runId: z.uuid(), semver: z.string().describe("The version it was pinned to.") }),
    failures: [
      "templates.no-version",
      "templates.unsigned",
      "channels.missing",
      "channels.no-valid-version",
      "quotas.held",
      "runs.input-invalid",
      "runs.no-host-ready",
    ],
    run: (domain, caller, { body }, actId) =>
      domain.runs.submit(caller, {
        runId: actId ?? undefined,
        templateName: body.template,
        channel: body.channel,
        key: body.key,
        range: body.range,
        input: JSON.stringify(body.input),
      }),
  }),
  operation({
    id: "runs.list",
    method: "GET",
    path: "/v1/runs",
    summary: "Runs, newest first",
    action: "runs.list",
    query: z.object({ state: state.optional(), template: name.optional(), channel: name.optional(), semver: semver.optional(), cursor }),
    reply: z.object({ items: z.array(summary), nextCursor }),
    run: (domain, caller, { query: { state, template, channel, semver, cursor } }) =>
      domain.views.runs.list(caller, { state, templateName: template, channel, versionSemver: semver, kind: "run", cursor }),
  }),
  operation({
    id: "runs.get",
    method: "GET",
    path: "/v1/runs/{runId}",
    summary: "One run: its state, why it waits, and its output when it is small",
    action: "runs.read",
    params: run,
    reply: summary.extend({
      output: z
        .object({ text: z.string().nullable().describe("JSON text; null when it is large: ask for it."), sizeBytes: z.int() })
        .nullable(),
      error: z.object({ kind: z.string(), message: z.string() }).nullable(),
      waiting: z.object({ code: z.string(), details: z.record(z.string(), z.union([z.string(), z.number(), z.null()])) }).nullable(),
    }),
    failures: ["runs.missing"],
    run: (domain, caller, { params }) => domain.views.runs.get(caller, params),
  }),
  operation({
    id: "runs.readOutput",
    method: "GET",
    path: "/v1/runs/{runId}/output",
    summary: "The whole output of a run that succeeded",
    action: "runs.read",
    params: run,
    reply: z.object({ text: z.string().describe("JSON text, 16 MiB at most.") }),
    failures: ["runs.missing", "runs.no-output"],
    run: (domain, caller, { params }) => domain.views.runs.readOutput(caller, params),
  }),
  operation({
    id: "runs.cancel",
    method: "POST",
    path: "/v1/runs/{runId}/cancel",
    summary: "Ask a run to end",
    action: "runs.cancel",
    params: run,
    reply: z.object({ state }),
    failures: ["runs.missing"],
    run: (domain, caller, { params }) => domain.runs.cancel(caller, params),
  }),
] as const;
