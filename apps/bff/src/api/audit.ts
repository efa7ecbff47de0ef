import { z } from "zod";
import { procedure, router } from "./procedure.ts";

const query = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  actorKind: z.enum(["user", "token", "host", "system"]).optional(),
  action: z.string().max(100).optional(),
  resourceKind: z.string().max(100).optional(),
  resourceId: z.string().max(200).optional(),
  /** Entries a page. */
  limit: z.int().min(1).max(500).optional(),
});

export const auditRouter = router({
  list: procedure("audit.read")
    .input(query)
    .query(({ ctx, input }) => ctx.domain.views.audit.list(ctx.actor, input)),
});
