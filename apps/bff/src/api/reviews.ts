import { tracked } from "@trpc/server";
import { z } from "zod";
import { procedure, router } from "./procedure.ts";
import { printable } from "./templates.ts";

const number = z.int().positive().max(2_147_483_647);
const review = z.object({ reviewId: z.uuid() });
/** RFC 6901. What it points at may be gone by now. */
const pointer = printable.max(2_048).regex(/^(\/([^~/]|~[01])*)*$/);
const body = printable.trim().min(1).max(10_000);
const note = printable.trim().max(2_000);
const requesting = z.object({
  draftId: z.uuid(),
  expectedRevision: z.int().positive(),
  title: printable.trim().min(1).max(120),
  description: printable.trim().max(10_000).optional(),
});
const deciding = review.extend({
  digest: z.string().max(80),
  baseDigest: z.string().max(80).nullable(),
  policyRevision: z.string().max(80),
});

export const reviewsRouter = router({
  request: procedure("reviews.request")
    .input(requesting)
    .mutation(({ ctx, input }) => ctx.domain.templates.requestReview(ctx.actor, input)),
  list: procedure("reviews.read")
    .input(z.object({ filter: z.enum(["waiting", "mine", "open", "closed"]), cursor: number.optional() }))
    .query(({ ctx, input }) => ctx.domain.views.reviews.list(ctx.actor, input)),
  get: procedure("reviews.read")
    .input(z.object({ number }))
    .query(({ ctx, input }) => ctx.domain.views.reviews.get(ctx.actor, input)),
  revision: procedure("reviews.read")
    .input(z.object({ number, revision: number }))
    .query(({ ctx, input }) => ctx.domain.views.reviews.revision(ctx.actor, input)),
  comment: procedure("reviews.comment")
    .input(review.extend({ pointer: pointer.nullish(), threadId: z.uuid().nullish(), body }))
    .mutation(({ ctx, input }) => ctx.domain.reviews.comment(ctx.actor, input)),
  resolve: procedure("reviews.comment")
    .input(z.object({ commentId: z.uuid(), resolved: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.domain.reviews.resolve(ctx.actor, input)),
  approve: procedure("reviews.approve")
    .input(deciding.extend({ note: note.optional() }))
    .mutation(({ ctx, input }) => ctx.domain.reviews.approve(ctx.actor, input)),
  reject: procedure("reviews.reject")
    .input(deciding.extend({ note: note.min(1) }))
    .mutation(({ ctx, input }) => ctx.domain.reviews.reject(ctx.actor, input)),
  withdraw: procedure("reviews.withdraw")
    .input(review)
    .mutation(({ ctx, input }) => ctx.domain.reviews.withdraw(ctx.actor, input)),
  /** The id of an event is the moment it tells of. */
  watch: procedure("reviews.read")
    .input(z.object({ number, lastEventId: z.string().max(40).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = signal ?? new AbortController().signal;
      for await (const news of ctx.domain.views.reviews.watch(ctx.actor, input, ended)) yield tracked(news.updatedAt, news);
    }),
});
