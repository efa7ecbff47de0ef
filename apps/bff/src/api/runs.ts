import { tracked } from "@trpc/server";
import { z } from "zod";
import { channelName } from "./channels.ts";
import { procedure, router } from "./procedure.ts";
import { name, printable, semver } from "./templates.ts";

/** Largest text of an input, in UTF-16 units: what the ledger takes, and a little; the door says so in plain words. */
const INPUT_LENGTH_MAX = 17 * 1024 * 1024;

const run = z.object({ runId: z.uuid() });
const trying = z.object({ draftId: z.uuid(), expectedRevision: z.int().positive(), input: z.string().max(INPUT_LENGTH_MAX) });
const submission = z.object({
  templateName: name,
  /** `latest`, an exact version, or a range such as `^1.2.0`. */
  range: printable.max(100).optional(),
  /** The channel to ask instead of a range, and whose run it is: one key always gets the same of two versions. */
  channel: channelName.optional(),
  key: printable.max(200).optional(),
  input: z.string().max(INPUT_LENGTH_MAX),
});
const query = z.object({
  state: z.enum(["queued", "leased", "running", "succeeded", "failed", "cancelled", "dead"]).optional(),
  templateName: z.string().max(63).optional(),
  kind: z.enum(["try", "run"]).optional(),
  channel: z.string().max(63).optional(),
  versionSemver: semver.optional(),
  movedFrom: semver.optional(),
  cursor: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f-]{36}$/)
    .optional(),
});

export const runsRouter = router({
  try: procedure("runs.try")
    .input(trying)
    .mutation(({ ctx, input }) => ctx.domain.runs.try(ctx.actor, input)),
  submit: procedure("runs.submit")
    .input(submission)
    .mutation(({ ctx, input }) => ctx.domain.runs.submit(ctx.actor, input)),
  get: procedure("runs.read")
    .input(run)
    .query(({ ctx, input }) => ctx.domain.views.runs.get(ctx.actor, input)),
  list: procedure("runs.list")
    .input(query)
    .query(({ ctx, input }) => ctx.domain.views.runs.list(ctx.actor, input)),
  activity: procedure("runs.list")
    .input(z.object({ span: z.enum(["day", "week"]), templateName: z.string().max(63).optional() }))
    .query(({ ctx, input }) => ctx.domain.views.runActivity(ctx.actor, input)),
  cancel: procedure("runs.cancel")
    .input(run)
    .mutation(({ ctx, input }) => ctx.domain.runs.cancel(ctx.actor, input)),
  explain: procedure("runs.read")
    .input(run)
    .query(({ ctx, input }) => ctx.domain.views.runs.explain(ctx.actor, input)),
  readOutput: procedure("runs.read")
    .input(run)
    .query(({ ctx, input }) => ctx.domain.views.runs.readOutput(ctx.actor, input)),
  /** The id of an event is how far the follower has read. */
  watch: procedure("runs.read")
    .input(run.extend({ lastEventId: z.string().max(40).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = signal ?? new AbortController().signal;
      for await (const { id, event } of ctx.domain.views.watchRun(ctx.actor, input, ended)) yield tracked(id, event);
    }),
});
