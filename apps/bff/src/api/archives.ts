import { z } from "zod";
import { procedure, router } from "./procedure.ts";

const archive = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

export const archivesRouter = router({
  get: procedure("archives.read")
    .input(archive)
    .query(({ ctx, input }) => ctx.domain.templates.archives.get(ctx.actor, input)),
  readFile: procedure("archives.read")
    .input(archive.extend({ path: z.string().min(1).max(255) }))
    .query(({ ctx, input }) => ctx.domain.templates.archives.readFile(ctx.actor, input)),
});
