import { z } from "zod";
import { channelName } from "./channels.ts";
import { procedure, router } from "./procedure.ts";
import { printable } from "./templates.ts";

export const plansRouter = router({
  list: procedure("plans.read").query(({ ctx }) => ctx.domain.plans.list(ctx.actor)),
  get: procedure("plans.read")
    .input(z.object({ name: channelName }))
    .query(({ ctx, input }) => ctx.domain.plans.get(ctx.actor, input)),
  propose: procedure("plans.propose")
    .input(z.object({ name: channelName, source: z.string().max(100_000), title: printable.trim().min(1).max(200) }))
    .mutation(({ ctx, input }) => ctx.domain.plans.propose(ctx.actor, input)),
});
