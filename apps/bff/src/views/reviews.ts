/** Reviews as lists and as a page, narrowed to the reader's tenant. A fixed number of queries each, whatever there is to show. */
import type { ChangeClass, Demand } from "@agent-factory/manifest/compare";
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { type ReviewState, type Reviews, reviewDoorbell } from "../domain/reviews/reviews.ts";
import type { Clock } from "../platform/clock.ts";
import { Prisma } from "../platform/generated/client.ts";
import { type Bells, doorbell } from "./doorbell.ts";
import { missingReview, type ReviewPage, readReviewPage } from "./review-page.ts";

export type ReviewFilter = "waiting" | "mine" | "open" | "closed";

export type ReviewRow = {
  number: number;
  title: string;
  /** `template` or `plan`. */
  subjectKind: string;
  /** The name of the subject, of whatever kind. */
  templateName: string;
  state: ReviewState;
  revision: number;
  digest: string | null;
  demands: Demand;
  nextSemver: string | null;
  classes: ChangeClass[];
  openedByName: string;
  openedAt: string;
  updatedAt: string;
  required: number;
  approvals: number;
  comments: number;
  unresolved: number;
  mine: "contributor" | "approved" | null;
  /** Open, and nothing moved for three days. */
  stale: boolean;
  outcome: string | null;
};

export type ReviewList = { items: ReviewRow[]; nextCursor: number | null; counts: { waiting: number; mine: number; open: number } };

export type ReviewsView = {
  /** Highest number first; `cursor` is the number below which to go on. */
  list(actor: Actor, query: { filter: ReviewFilter; cursor?: number | undefined }): Promise<ReviewList>;
  /** Failures: `reviews.missing`. */
  get(actor: Actor, input: { number: number }): Promise<ReviewPage>;
  /** Failures: `reviews.missing`. */
  revision(
    actor: Actor,
    input: { number: number; revision: number },
  ): Promise<{ revision: number; digest: string | null; content: string }>;
  /** Says when the review last moved, then each time it does. Redis only wakes it; the row is asked. Failures: `reviews.missing`. */
  watch(actor: Actor, input: { number: number }, signal: AbortSignal): AsyncGenerator<{ updatedAt: string }, void, void>;
};

const PAGE_SIZE = 50;
const STALE_AFTER_MS = 3 * 24 * 60 * 60_000;
/** How long a change may stay unseen while Redis is away. */
const WATCH_POLL_MS = 2_000;

export type ReviewsViewParts = { access: Access; reviews: Reviews; redis: Bells; clock: Clock };

export function createReviewsView({ access, reviews, redis, clock }: ReviewsViewParts): ReviewsView {
  const reading = (actor: Actor, id: string) => ({ actor, action: "reviews.read" as const, resource: { kind: "review", id } });

  return {
    list: (actor, { filter, cursor }) =>
      access.read(reading(actor, "*"), async (tx) => {
        const conditions = conditionsOf(actor, reviews.approverRoles());
        const counts = await tx.$queryRaw<ReviewList["counts"][]>`
          select (count(*) filter (where ${conditions.waiting}))::int as waiting, (count(*) filter (where ${conditions.mine}))::int as mine,
                 (count(*) filter (where ${conditions.open}))::int as open
            from reviews r left join review_participants p on p.review_id = r.id and p.user_id::text = ${actor.id}
           where ${conditions.open}`;
        const rows = await tx.$queryRaw<(Omit<ReviewRow, "openedAt" | "updatedAt" | "stale"> & { openedAt: Date; updatedAt: Date })[]>`
          select r.number, r.title, r.subject_kind as "subjectKind", r.subject_name as "templateName", r.state::text as state, r.revision, r.digest, r.required, r.outcome,
                 r.opened_by_name as "openedByName", r.opened_at as "openedAt", r.updated_at as "updatedAt",
                 v.demands, v.next_ref as "nextSemver",
                 array(select distinct change->>'class' from jsonb_array_elements(v.changes) change order by 1) as classes,
                 (select count(*) from review_decisions d
                   where d.review_id = r.id and d.killed_at is null and d.verdict = 'approve' and d.revision = r.revision)::int as approvals,
                 (select count(*) from review_comments c where c.review_id = r.id)::int as comments,
                 (select count(*) from review_comments c
                   where c.review_id = r.id and c.thread_id is null and c.resolved_at is null)::int as unresolved,
                 case when p.part = 'contributor' then 'contributor' when ${conditions.decided} then 'approved' end as mine
            from reviews r
            join review_revisions v on v.tenant_id = r.tenant_id and v.review_id = r.id and v.revision = r.revision
            left join review_participants p on p.review_id = r.id and p.user_id::text = ${actor.id}
           where ${conditions[filter]} and ${cursor === undefined ? Prisma.sql`true` : Prisma.sql`r.number < ${cursor}`}
           order by r.number desc limit ${PAGE_SIZE + 1}`;
        const staleBefore = clock.now().getTime() - STALE_AFTER_MS;
        const items = rows.slice(0, PAGE_SIZE).map((row) => ({
          ...row,
          openedAt: row.openedAt.toISOString(),
          updatedAt: row.updatedAt.toISOString(),
          stale: row.state === "open" && row.updatedAt.getTime() < staleBefore,
        }));
        return {
          items,
          nextCursor: rows.length > PAGE_SIZE ? (items.at(-1)?.number ?? null) : null,
          counts: counts[0] ?? { waiting: 0, mine: 0, open: 0 },
        };
      }),

    get: (actor, { number }) => access.read(reading(actor, String(number)), (tx) => readReviewPage(tx, reviews, actor, number)),

    revision: (actor, { number, revision }) =>
      access.read(reading(actor, String(number)), async (tx) => {
        const row = await tx.reviewRevision.findFirst({
          where: { revision, review: { number } },
          select: { revision: true, digest: true, content: true },
        });
        if (!row) throw missingReview(number);
        return row;
      }),

    watch: async function* (actor, { number }, signal) {
      const standing = () =>
        access.read(reading(actor, String(number)), async (tx) => {
          const row = await tx.review.findFirst({ where: { number }, select: { id: true, updatedAt: true } });
          if (!row) throw missingReview(number);
          return { id: row.id, updatedAt: row.updatedAt.toISOString() };
        });
      const { id } = await standing();
      const bell = doorbell(signal);
      const silence = await redis.subscriber.on(reviewDoorbell(id), bell.ring);
      try {
        for (let seen = ""; !signal.aborted; await bell.next(WATCH_POLL_MS)) {
          const { updatedAt } = await standing();
          if (updatedAt !== seen) yield { updatedAt };
          seen = updatedAt;
        }
      } finally {
        await silence();
      }
    },
  };
}

/** Of a review `r` and the reader's part `p` in it. */
function conditionsOf(actor: Actor, approverRoles: readonly string[]) {
  const decided = Prisma.sql`exists (
    select from review_decisions d where d.review_id = r.id and d.killed_at is null and d.user_id::text = ${actor.id})`;
  const open = Prisma.sql`(r.state = 'open' or (r.state = 'approved' and r.outcome is null))`;
  const canApprove = actor.roles.some((role) => approverRoles.includes(role));
  return {
    decided,
    open,
    closed: Prisma.sql`not ${open}`,
    mine: Prisma.sql`${open} and (r.opened_by = ${actor.id} or p.part = 'contributor')`,
    waiting: Prisma.sql`${canApprove} and r.state = 'open' and p.part is distinct from 'contributor' and not ${decided}`,
  };
}
