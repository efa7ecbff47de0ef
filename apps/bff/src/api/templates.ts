import { z } from "zod";
import { procedure, router } from "./procedure.ts";

/** What PostgreSQL can hold: no NUL, and no half of a character. */
export const printable = z
  .string()
  .regex(/^[^\0]*$/)
  .refine((text) => text.isWellFormed());
export const semver = z.string().regex(/^[0-9.]{1,40}$/);
export const name = z.string().regex(/^[a-z0-9-]{1,63}$/);
export const source = z.string().max(2 * 1024 * 1024);
const filter = z.object({
  query: printable.max(200).optional(),
  owner: name.optional(),
  cursor: name.optional(),
});

const version = z.object({ name, semver });
const reason = printable.trim().min(1).max(1_000);

export const templatesRouter = router({
  list: procedure("templates.list")
    .input(filter)
    .query(({ ctx, input }) => ctx.domain.views.templates.list(ctx.actor, input)),
  get: procedure("templates.read")
    .input(z.object({ name }))
    .query(({ ctx, input }) => ctx.domain.views.templates.get(ctx.actor, input)),
  getVersion: procedure("templates.read")
    .input(version)
    .query(({ ctx, input }) => ctx.domain.templates.getVersion(ctx.actor, input)),
  starter: procedure("templates.read").query(({ ctx }) => ctx.domain.templates.starter()),
  create: procedure("templates.create")
    .input(z.object({ source }))
    .mutation(({ ctx, input }) => ctx.domain.templates.create(ctx.actor, input)),
  resolve: procedure("templates.read")
    .input(z.object({ name, range: printable.max(100) }))
    .query(({ ctx, input }) => ctx.domain.templates.resolve(ctx.actor, input)),
  revocation: procedure("templates.read")
    .input(version)
    .query(({ ctx, input }) => ctx.domain.views.templates.revocation(ctx.actor, input)),
  deprecate: procedure("templates.deprecate")
    .input(version.extend({ reason }))
    .mutation(({ ctx, input }) => ctx.domain.templates.deprecate(ctx.actor, input)),
  undeprecate: procedure("templates.deprecate")
    .input(version)
    .mutation(({ ctx, input }) => ctx.domain.templates.undeprecate(ctx.actor, input)),
  revoke: procedure("templates.revoke")
    .input(version.extend({ reason }))
    .mutation(({ ctx, input }) => ctx.domain.templates.revoke(ctx.actor, input)),
});
