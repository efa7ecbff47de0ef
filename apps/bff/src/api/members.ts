import { procedure, router } from "./procedure.ts";

export const membersRouter = router({
  list: procedure("members.read").query(async ({ ctx }) => ({ items: await ctx.domain.tenants.listMembers(ctx.actor) })),
});
