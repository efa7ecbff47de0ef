import { z } from "zod";
import { procedure, router } from "./procedure.ts";
import { printable } from "./templates.ts";

const version = z.object({ name: z.string().min(1).max(63), semver: z.string().min(1).max(100) });
const time = z.iso.datetime().transform((text) => new Date(text));
const index = z.int().nonnegative();
const key = z.object({ keyId: z.uuid(), from: time });
const inTree = z.object({
  treeId: z
    .string()
    .regex(/^[0-9]{1,19}$/)
    .optional(),
});
const page = inTree.extend({ before: index.optional(), take: z.int().min(1).max(200).optional() });
const interval = z.object({
  from: time.optional(),
  to: time.optional(),
  cursor: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .optional(),
});

export const signingRouter = router({
  proof: procedure("signing.read")
    .input(version)
    .query(({ ctx, input }) => ctx.domain.views.signing.proof(ctx.actor, input)),
  keys: procedure("signing.read").query(({ ctx }) => ctx.domain.signing.keys(ctx.actor)),
  rotate: procedure("signing.rotate").mutation(({ ctx }) => ctx.domain.signing.rotate(ctx.actor)),
  distrustImpact: procedure("signing.read")
    .input(key)
    .query(({ ctx, input }) => ctx.domain.views.signing.distrustImpact(ctx.actor, input)),
  distrust: procedure("signing.distrust")
    .input(key.extend({ reason: printable.trim().min(1).max(500) }))
    .mutation(async ({ ctx, input }) => {
      await ctx.domain.signing.distrust(ctx.actor, input);
      return {};
    }),
  log: procedure("signing.read")
    .input(page)
    .query(({ ctx, input }) => ctx.domain.views.signing.log(ctx.actor, input)),
  logEntry: procedure("signing.read")
    .input(inTree.extend({ index }))
    .query(({ ctx, input }) => ctx.domain.views.signing.logEntry(ctx.actor, input)),
  consistency: procedure("signing.read")
    .input(inTree.extend({ first: index }))
    .query(({ ctx, input }) => ctx.domain.views.signing.consistency(ctx.actor, input)),
  verifyTrail: procedure("audit.read")
    .input(interval)
    .query(({ ctx, input }) => ctx.domain.signing.verifyTrail(ctx.actor, input)),
});
