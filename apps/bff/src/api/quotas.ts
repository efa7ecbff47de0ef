import { z } from "zod";
import { procedure, router } from "./procedure.ts";

export const quotasRouter = router({
  list: procedure("quotas.read").query(({ ctx }) => ctx.domain.quotas.list(ctx.actor)),
  release: procedure("quotas.release")
    .input(z.object({ holdId: z.uuid() }))
    .mutation(({ ctx, input }) => ctx.domain.quotas.release(ctx.actor, input)),
});
