import { z } from "zod";
import { procedure, router } from "./procedure.ts";

const listing = z.object({ cursor: z.string().max(100).nullish(), unreadOnly: z.boolean().optional() });
const marking = z.union([
  z.strictObject({ ids: z.array(z.uuid()).max(500) }),
  z.strictObject({ all: z.literal(true) }),
  /** Whoever is where a notice leads has read it. */
  z.strictObject({ href: z.string().startsWith("/").max(500) }),
]);

export const noticesRouter = router({
  list: procedure("notices.read")
    .input(listing)
    .query(({ ctx, input }) => ctx.domain.views.notices.list(ctx.actor, input)),
  unread: procedure("notices.read").query(({ ctx }) => ctx.domain.views.notices.unread(ctx.actor)),
  markRead: procedure("notices.read")
    .input(marking)
    .mutation(({ ctx, input }) => ctx.domain.notices.markRead(ctx.actor, input)),
  watch: procedure("notices.read").subscription(async function* ({ ctx, signal }) {
    yield* ctx.domain.views.notices.watch(ctx.actor, signal ?? new AbortController().signal);
  }),
});
