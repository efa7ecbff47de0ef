import { z } from "zod";
import { procedure, router } from "./procedure.ts";
import { name } from "./templates.ts";

/** A DNS label, as names of templates and plans are. */
export const channelName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

export const channelsRouter = router({
  list: procedure("channels.read")
    .input(z.object({ templateName: name.optional() }).default({}))
    .query(({ ctx, input }) => ctx.domain.channels.list(ctx.actor, input)),
  create: procedure("channels.create")
    .input(z.object({ templateName: name, name: channelName, planName: channelName }))
    .mutation(({ ctx, input }) => ctx.domain.channels.create(ctx.actor, input)),
  history: procedure("channels.read")
    .input(z.object({ templateName: name, name: channelName }))
    .query(({ ctx, input }) => ctx.domain.channels.history(ctx.actor, input)),
});
