import { tracked } from "@trpc/server";
import { z } from "zod";
import { procedure, router } from "./procedure.ts";
import { name, printable, semver, source } from "./templates.ts";

const draft = z.object({ draftId: z.uuid() });
const opening = z.object({ templateName: name, baseSemver: semver.optional(), title: printable.min(1).max(120).optional() });
const saving = draft.extend({ expectedRevision: z.int().positive(), source });

export const draftsRouter = router({
  create: procedure("drafts.create")
    .input(opening)
    .mutation(({ ctx, input }) => ctx.domain.templates.drafts.create(ctx.actor, input)),
  list: procedure("drafts.read")
    .input(z.object({ templateName: name.optional() }))
    .query(({ ctx, input }) => ctx.domain.templates.drafts.list(ctx.actor, input)),
  get: procedure("drafts.read")
    .input(draft)
    .query(({ ctx, input }) => ctx.domain.templates.drafts.get(ctx.actor, input)),
  save: procedure("drafts.save")
    .input(saving)
    .mutation(({ ctx, input }) => ctx.domain.templates.drafts.save(ctx.actor, input)),
  rebase: procedure("drafts.rebase")
    .input(draft.extend({ expectedRevision: z.int().positive() }))
    .mutation(({ ctx, input }) => ctx.domain.templates.drafts.rebase(ctx.actor, input)),
  discard: procedure("drafts.discard")
    .input(draft)
    .mutation(({ ctx, input }) => ctx.domain.templates.drafts.discard(ctx.actor, input)),
  restore: procedure("drafts.discard")
    .input(draft)
    .mutation(({ ctx, input }) => ctx.domain.templates.drafts.restore(ctx.actor, input)),
  compare: procedure("drafts.read")
    .input(draft)
    .query(({ ctx, input }) => ctx.domain.templates.drafts.compare(ctx.actor, input)),
  /** The id of an event is the revision it tells of; a rebase comes under the id of the text that it left as it was. */
  watch: procedure("drafts.read")
    .input(draft.extend({ lastEventId: z.string().max(20).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = signal ?? new AbortController().signal;
      for await (const news of ctx.domain.templates.drafts.watch(ctx.actor, input, ended)) yield tracked(String(news.revision), news);
    }),
});
