import { z } from "zod";
import { procedure, router } from "./procedure.ts";

/** What PostgreSQL can hold: no NUL. */
export const printable = z.string().regex(/^[^\0]*$/);
export const semver = z.string().regex(/^[0-9.]{1,40}$/);
export const name = z.string().regex(/^[a-z0-9-]{1,63}$/);
export const source = z.string().max(2 * 1024 * 1024);
const filter = z.object({
  query: printable.max(200).optional(),
  owner: name.optional(),
  cursor: name.optional(),
});

export const templatesRouter = router({
  list: procedure("templates.list")
    .input(filter)
    .query(({ ctx, input }) => ctx.domain.views.templates.list(ctx.actor, input)),
  get: procedure("templates.read")
    .input(z.object({ name }))
    .query(({ ctx, input }) => ctx.domain.templates.get(ctx.actor, input)),
  getVersion: procedure("templates.read")
    .input(z.object({ name, semver }))
    .query(({ ctx, input }) => ctx.domain.templates.getVersion(ctx.actor, input)),
  starter: procedure("templates.read").query(({ ctx }) => ctx.domain.templates.starter()),
  create: procedure("templates.create")
    .input(z.object({ source }))
    .mutation(({ ctx, input }) => ctx.domain.templates.create(ctx.actor, input)),
});
