import { z } from "zod";
import { procedure, router } from "./procedure.ts";

const name = z.string().min(1).max(63);
export const source = z.string().max(2 * 1024 * 1024);
const filter = z.object({
  query: z.string().max(200).optional(),
  owner: z.string().max(63).optional(),
  cursor: z.string().max(100).optional(),
});

export const templatesRouter = router({
  list: procedure("templates.list")
    .input(filter)
    .query(({ ctx, input }) => ctx.domain.views.templates.list(ctx.actor, input)),
  get: procedure("templates.read")
    .input(z.object({ name }))
    .query(({ ctx, input }) => ctx.domain.templates.get(ctx.actor, input)),
  getVersion: procedure("templates.read")
    .input(z.object({ name, semver: z.string().max(40) }))
    .query(({ ctx, input }) => ctx.domain.templates.getVersion(ctx.actor, input)),
  starter: procedure("templates.read").query(({ ctx }) => ctx.domain.templates.starter()),
  create: procedure("templates.create")
    .input(z.object({ source }))
    .mutation(({ ctx, input }) => ctx.domain.templates.create(ctx.actor, input)),
});
