/**
 * Reviews in PostgreSQL. Whoever changes anything of a review locks its row first (and, where there is one, the row of what it came
 * from before that), so that two acts on one review happen one after the other; keys and triggers hold what must hold anyway.
 */
import type { Transaction } from "../../platform/database.ts";
import { Prisma, type Review } from "../../platform/generated/client.ts";
import type { Approval, Finding, Head, Judged, KillReason, Problem } from "./review.ts";

export type Author = { readonly id: string; readonly name: string };
export type ReviewRow = Review & { readonly head: Head; readonly headAuthor: Author };

/** The review and its head, locked until the transaction ends. */
export async function lockReview(tx: Transaction, reviewId: string): Promise<ReviewRow | null> {
  const locked = await tx.$queryRaw<{ id: string }[]>`select id from reviews where id = ${reviewId}::uuid for no key update`;
  return locked.length === 0 ? null : findReview(tx, reviewId);
}

export async function findReview(tx: Transaction, reviewId: string): Promise<ReviewRow | null> {
  const review = await tx.review.findFirst({ where: { id: reviewId } });
  return review && { ...review, ...(await headOf(tx, review)) };
}

export async function findSource(tx: Transaction, reviewId: string): Promise<{ sourceRef: string; revision: number } | null> {
  return tx.review.findFirst({ where: { id: reviewId }, select: { sourceRef: true, revision: true } });
}

async function headOf(tx: Transaction, { id, revision }: Review): Promise<{ head: Head; headAuthor: Author }> {
  const row = await tx.reviewRevision.findFirstOrThrow({ where: { reviewId: id, revision } });
  const { baseRef, baseDigest, baseContent } = row;
  const head: Head = {
    revision,
    digest: row.digest,
    content: row.content,
    base:
      baseRef === null || baseDigest === null || baseContent === null ? null : { ref: baseRef, digest: baseDigest, content: baseContent },
    changes: row.changes as unknown as Head["changes"],
    demands: row.demands as Head["demands"],
    nextRef: row.nextRef,
    findings: row.findings as unknown as Finding[],
    facts: row.facts,
    policyRevision: row.policyRevision,
  };
  return { head, headAuthor: { id: row.createdBy, name: row.createdByName } };
}

/** The live review of what `sourceRef` names; one at most (`reviews_one_live`). Not locked. */
export async function findLive(tx: Transaction, kind: string, sourceRef: string): Promise<Review | null> {
  return tx.review.findFirst({
    where: { subjectKind: kind, sourceRef, OR: [{ state: "open" }, { state: "approved", outcome: null }] },
  });
}

export type NewReview = {
  readonly tenantId: string;
  readonly subjectKind: string;
  readonly subjectName: string;
  readonly sourceRef: string;
  readonly title: string;
  readonly description: string;
  readonly required: number;
};

/** Numbers are given one after the other: whoever opens a review waits for the one before to be there or not. */
export async function insertReview(tx: Transaction, review: NewReview, content: Judged, author: Author, at: Date): Promise<ReviewRow> {
  await tx.$queryRaw`select pg_advisory_xact_lock(hashtextextended('review-number:' || ${review.tenantId}, 0))::text`;
  const { _max } = await tx.review.aggregate({ _max: { number: true } });
  const row = await tx.review.create({
    data: {
      ...review,
      number: (_max.number ?? 0) + 1,
      digest: content.digest,
      openedBy: author.id,
      openedByName: author.name,
      openedAt: at,
      updatedAt: at,
    },
  });
  const head = { ...content, revision: 1 };
  await tx.reviewRevision.create({ data: { tenantId: row.tenantId, reviewId: row.id, revision: 1, ...columnsOf(head, author, at) } });
  return { ...row, head, headAuthor: author };
}

export async function writeHead(tx: Transaction, review: Review, head: Head, author: Author, at: Date): Promise<void> {
  const columns = columnsOf(head, author, at);
  const { tenantId, id: reviewId } = review;
  const { revision } = head;
  if (revision === review.revision) await tx.reviewRevision.updateMany({ where: { reviewId, revision }, data: columns });
  else await tx.reviewRevision.create({ data: { tenantId, reviewId, revision, ...columns } });
}

function columnsOf(
  { content, base, digest, changes, demands, nextRef, findings, facts, policyRevision }: Judged,
  author: Author,
  at: Date,
) {
  return {
    content,
    digest,
    baseRef: base?.ref ?? null,
    baseDigest: base?.digest ?? null,
    baseContent: base?.content ?? null,
    changes: json(changes),
    demands,
    nextRef,
    findings: json(findings),
    facts: json(facts),
    policyRevision,
    createdBy: author.id,
    createdByName: author.name,
    createdAt: at,
  };
}

export async function updateReview(
  tx: Transaction,
  reviewId: string,
  change: Prisma.ReviewUpdateManyMutationInput & { problem?: Prisma.InputJsonObject | typeof Prisma.DbNull },
): Promise<void> {
  await tx.review.updateMany({ where: { id: reviewId }, data: change });
}

export function problemColumn(problem: Problem | null): Prisma.InputJsonObject | typeof Prisma.DbNull {
  return problem ? (json(problem) as Prisma.InputJsonObject) : Prisma.DbNull;
}

/** Somebody decided on the revision or spoke about it: then it is a record (`remarked_revisions_stay`). */
export async function isRemarked(tx: Transaction, { id: reviewId, revision }: Review): Promise<boolean> {
  const where = { reviewId, revision };
  return (await tx.reviewDecision.count({ where })) > 0 || (await tx.reviewComment.count({ where })) > 0;
}

/** Ends the living decisions, of `userIds` or of all; says whose they were. */
export async function killDecisions(
  tx: Transaction,
  reviewId: string,
  reason: KillReason,
  at: Date,
  userIds?: readonly string[],
): Promise<{ userId: string; userName: string }[]> {
  return tx.reviewDecision.updateManyAndReturn({
    where: { reviewId, killedAt: null, ...(userIds && { userId: { in: [...userIds] } }) },
    data: { part: null, killedAt: at, killedReason: reason },
    select: { userId: true, userName: true },
  });
}

/** Makes people contributors for good. Their decisions must be dead by then: the key of the part refuses otherwise. */
export async function insertContributors(tx: Transaction, { tenantId, id: reviewId }: Review, userIds: readonly string[]): Promise<void> {
  const data = userIds.map((userId) => ({ tenantId, reviewId, userId, part: "contributor" as const }));
  await tx.reviewParticipant.createMany({ data, skipDuplicates: true });
  await tx.reviewParticipant.updateMany({
    where: { reviewId, userId: { in: [...userIds] }, part: "approver" },
    data: { part: "contributor" },
  });
}

/** False when the person has the other part already: the key has room for one. */
export async function insertApprover(tx: Transaction, { tenantId, id: reviewId }: Review, userId: string): Promise<boolean> {
  await tx.reviewParticipant.createMany({ data: [{ tenantId, reviewId, userId, part: "approver" }], skipDuplicates: true });
  const { part } = await tx.reviewParticipant.findFirstOrThrow({ where: { reviewId, userId } });
  return part === "approver";
}

export type NewDecision = {
  readonly userId: string;
  readonly userName: string;
  readonly verdict: "approve" | "reject";
  readonly digest: string;
  readonly policyRevision: string;
  readonly note: string;
  readonly at: Date;
};

export async function insertDecision(tx: Transaction, { tenantId, id: reviewId, revision }: Review, decision: NewDecision): Promise<void> {
  await tx.reviewDecision.create({ data: { ...decision, tenantId, reviewId, revision, part: "approver" } });
}

/** The living approvals of the head, with the roles their authors hold now. What is alive for anything else counts for nothing. */
export async function listApprovals(tx: Transaction, { id: reviewId, revision, head }: ReviewRow): Promise<Approval[]> {
  const { digest, policyRevision } = head;
  if (digest === null) return [];
  const rows = await tx.reviewDecision.findMany({
    where: { reviewId, revision, digest, policyRevision, killedAt: null, verdict: "approve" },
    select: { userId: true, approver: { select: { member: { select: { roles: true } } } } },
  });
  return rows.map(({ userId, approver }) => ({ userId, roles: approver?.member.roles ?? [] }));
}

/** The living approvals as they were given, oldest first. */
export async function listLiveApprovals(tx: Transaction, reviewId: string) {
  return tx.reviewDecision.findMany({
    where: { reviewId, killedAt: null, verdict: "approve" },
    select: { userId: true, userName: true, at: true },
    orderBy: [{ at: "asc" }, { id: "asc" }],
  });
}

export async function listContributors(tx: Transaction, reviewId: string): Promise<string[]> {
  const rows = await tx.reviewParticipant.findMany({ where: { reviewId, part: "contributor" }, select: { userId: true } });
  return rows.map(({ userId }) => userId);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Of the ids of all kinds of actors, those of this tenant's members. */
export async function membersAmong(tx: Transaction, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.member.findMany({ where: { userId: { in: ids.filter((id) => UUID.test(id)) } }, select: { userId: true } });
  return rows.map(({ userId }) => userId);
}

export async function membersWithRole(tx: Transaction, roles: readonly string[]): Promise<string[]> {
  const rows = await tx.member.findMany({ where: { roles: { hasSome: [...roles] } }, select: { userId: true } });
  return rows.map(({ userId }) => userId);
}

/** What a policy's data calls the tenant. */
export async function tenantSlug(tx: Transaction, tenantId: string): Promise<string> {
  return (await tx.tenant.findFirstOrThrow({ where: { id: tenantId }, select: { slug: true } })).slug;
}

export async function findComment(tx: Transaction, commentId: string) {
  return tx.reviewComment.findFirst({ where: { id: commentId } });
}

export async function insertComment(
  tx: Transaction,
  { tenantId, id: reviewId, revision }: Review,
  comment: { threadId: string | null; pointer: string | null; body: string },
  author: Author,
  at: Date,
): Promise<string> {
  const data = { ...comment, tenantId, reviewId, revision, authorId: author.id, authorName: author.name, at };
  return (await tx.reviewComment.create({ data, select: { id: true } })).id;
}

export async function countComments(tx: Transaction, reviewId: string): Promise<number> {
  return tx.reviewComment.count({ where: { reviewId } });
}

/** Ids of all who spoke in a thread. */
export async function listSpeakers(tx: Transaction, threadId: string): Promise<string[]> {
  const rows = await tx.reviewComment.findMany({ where: { OR: [{ id: threadId }, { threadId }] }, select: { authorId: true } });
  return rows.map(({ authorId }) => authorId);
}

export async function resolveComment(tx: Transaction, commentId: string, resolved: { at: Date; by: string } | null): Promise<void> {
  await tx.reviewComment.updateMany({
    where: { id: commentId },
    data: { resolvedAt: resolved?.at ?? null, resolvedBy: resolved?.by ?? null },
  });
}

function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}
