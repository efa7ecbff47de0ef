import { z } from "zod";
import { procedure, router } from "./procedure.ts";
import { printable } from "./templates.ts";

const host = z.object({ hostId: z.uuid() });
const reason = printable.trim().min(1).max(500);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const joining = z.object({
  hostName: name,
  labels: z.record(z.string().min(1).max(63), z.string().max(63)).refine((labels) => Object.keys(labels).length <= 32, "at most 32 labels"),
  expiresInMinutes: z
    .int()
    .min(1)
    .max(7 * 24 * 60),
});

export const fleetRouter = router({
  list: procedure("fleet.read").query(({ ctx }) => ctx.domain.views.fleet.list(ctx.actor)),
  createJoinToken: procedure("fleet.enrol")
    .input(joining)
    .mutation(({ ctx, input }) => ctx.domain.fleet.createJoinToken(ctx.actor, input)),
  cordon: procedure("fleet.cordon")
    .input(
      host.extend({
        reason,
        resumeInMinutes: z
          .int()
          .min(1)
          .max(30 * 24 * 60)
          .optional(),
      }),
    )
    .mutation(({ ctx, input }) => ctx.domain.fleet.cordon(ctx.actor, input)),
  uncordon: procedure("fleet.cordon")
    .input(host)
    .mutation(({ ctx, input }) => ctx.domain.fleet.uncordon(ctx.actor, input)),
  drain: procedure("fleet.drain")
    .input(host.extend({ reason }))
    .mutation(({ ctx, input }) => ctx.domain.fleet.drain(ctx.actor, input)),
  revoke: procedure("fleet.revoke")
    .input(host)
    .mutation(({ ctx, input }) => ctx.domain.fleet.revoke(ctx.actor, input)),
  watch: procedure("fleet.read").subscription(async function* ({ ctx, signal }) {
    yield* ctx.domain.views.fleet.watch(ctx.actor, signal ?? new AbortController().signal);
  }),
});
