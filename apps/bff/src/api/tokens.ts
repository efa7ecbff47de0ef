import { z } from "zod";
import { TOKEN_ROLES } from "../domain/tokens/tokens.ts";
import { procedure, router } from "./procedure.ts";
import { printable } from "./templates.ts";

const creating = z.object({
  name: printable.trim().min(1).max(80),
  roles: z.array(z.enum(TOKEN_ROLES)).min(1).max(TOKEN_ROLES.length),
  expiresInDays: z.int().min(1).max(365),
});

export const tokensRouter = router({
  list: procedure("tokens.read").query(({ ctx }) => ctx.domain.tokens.list(ctx.actor)),
  create: procedure("tokens.create")
    .input(creating)
    .mutation(({ ctx, input }) => ctx.domain.tokens.create(ctx.actor, input)),
  revoke: procedure("tokens.revoke")
    .input(z.object({ tokenId: z.uuid() }))
    .mutation(({ ctx, input }) => ctx.domain.tokens.revoke(ctx.actor, input)),
});
