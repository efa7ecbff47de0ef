import { tracked } from "@trpc/server";
import { z } from "zod";
import { channelName } from "./channels.ts";
import { procedure, router } from "./procedure.ts";
import { name, printable, semver } from "./templates.ts";

const rollout = z.object({ number: z.int().positive().max(2_147_483_647) });
const because = rollout.extend({ reason: printable.trim().min(1).max(500) });
const move = z.object({ templateName: name, channel: channelName, semver });

export const rolloutsRouter = router({
  list: procedure("rollouts.read")
    .input(
      z
        .object({
          state: z.enum(["live", "ended"]).optional(),
          templateName: name.optional(),
          cursor: z
            .string()
            .regex(/^\d{1,9}$/)
            .optional(),
        })
        .default({}),
    )
    .query(({ ctx, input }) => ctx.domain.views.rollouts.list(ctx.actor, input)),
  get: procedure("rollouts.read")
    .input(rollout)
    .query(({ ctx, input }) => ctx.domain.views.rollouts.get(ctx.actor, input)),
  preview: procedure("rollouts.read")
    .input(move)
    .query(({ ctx, input }) => ctx.domain.rollouts.preview(ctx.actor, input)),
  start: procedure("rollouts.start")
    .input(move)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.start(ctx.actor, input)),
  pause: procedure("rollouts.control")
    .input(because)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.pause(ctx.actor, input)),
  resume: procedure("rollouts.control")
    .input(rollout)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.resume(ctx.actor, input)),
  promote: procedure("rollouts.control")
    .input(because)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.promote(ctx.actor, input)),
  abort: procedure("rollouts.control")
    .input(because)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.abort(ctx.actor, input)),
  passGate: procedure("rollouts.pass-gate")
    .input(rollout)
    .mutation(({ ctx, input }) => ctx.domain.rollouts.passGate(ctx.actor, input)),
  watch: procedure("rollouts.read")
    .input(rollout.extend({ lastEventId: z.string().max(40).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = signal ?? new AbortController().signal;
      for await (const revision of ctx.domain.views.rollouts.watch(ctx.actor, input, ended)) yield tracked(String(revision), { revision });
    }),
});
