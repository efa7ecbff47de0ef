/** One review as its page shows it, read in one statement: what belongs together was there at one moment. */
import type { Change, Demand } from "@agent-factory/manifest/compare";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import type { Check, KillReason, Problem, ReviewState, Reviews, WhyNot } from "../domain/reviews/reviews.ts";
import type { PolicyFinding } from "../domain/templates/templates.ts";
import type { Transaction } from "../platform/database.ts";

type Remark = { id: string; body: string; authorId: string; authorName: string; at: string };

export type ReviewThread = Remark & {
  revision: number;
  pointer: string | null;
  resolvedAt: string | null;
  resolvedByName: string | null;
  replies: Remark[];
};

export type ReviewPage = {
  id: string;
  number: number;
  title: string;
  description: string;
  /** `template` or `plan`. */
  subjectKind: string;
  /** The name of the subject, of whatever kind. */
  templateName: string;
  draftId: string;
  state: ReviewState;
  revision: number;
  digest: string | null;
  openedBy: { id: string; name: string };
  openedAt: string;
  updatedAt: string;
  decidedAt: string | null;
  outcome: string | null;
  problem: Problem | null;
  head: {
    revision: number;
    digest: string | null;
    content: string;
    base: { semver: string; digest: string; content: string } | null;
    changes: Change[];
    demands: Demand;
    nextSemver: string | null;
    findings: PolicyFinding[];
    policyRevision: string;
    createdByName: string;
    createdAt: string;
  };
  checks: Check[];
  contributors: { id: string; name: string }[];
  approvals: { required: number; given: number; roles: string[]; rules: string[] };
  decisions: {
    id: string;
    userId: string;
    userName: string;
    verdict: "approve" | "reject";
    revision: number;
    digest: string;
    note: string;
    at: string;
    killedAt: string | null;
    killedReason: KillReason | null;
  }[];
  /** Oldest first; the newest of them only. */
  revisions: { revision: number; digest: string | null; createdByName: string; createdAt: string }[];
  threads: ReviewThread[];
  mine: {
    part: "contributor" | "approver" | null;
    approve: { allowed: boolean; reason: WhyNot | null };
    /** Of an approval of mine that was killed, while none lives: what changed since is what I have not seen. */
    lastApprovedRevision: number | null;
  };
  /** Members whose approval would count now. */
  whoCan: { id: string; name: string }[];
};

type Part = "contributor" | "approver";
type Decision = ReviewPage["decisions"][number];
type Comment = Remark & {
  revision: number;
  threadId: string | null;
  pointer: string | null;
  resolvedAt: string | null;
  resolvedByName: string | null;
};
type Person = { id: string; name: string; roles: string[]; part: Part | null };

/** Times inside of JSON are PostgreSQL's own text. */
type PageRow = Pick<
  ReviewPage,
  | "id"
  | "number"
  | "title"
  | "description"
  | "subjectKind"
  | "templateName"
  | "draftId"
  | "state"
  | "revision"
  | "digest"
  | "outcome"
  | "problem"
> &
  Omit<ReviewPage["head"], "base" | "createdAt"> & {
    tenantId: string;
    openedBy: string;
    openedByName: string;
    openedAt: Date;
    updatedAt: Date;
    decidedAt: Date | null;
    headCreatedAt: Date;
    baseSemver: string | null;
    baseDigest: string | null;
    baseContent: string | null;
    facts: unknown;
    revisions: ReviewPage["revisions"];
    decisions: Decision[];
    comments: Comment[];
    people: Person[];
  };

/** Of the newest only: the page offers them for comparison. */
const REVISIONS_MAX = 200;

/** Of the members it brings those who take part, those of `roles`, and the reader. */
async function findRow(tx: Transaction, number: number, roles: readonly string[], readerId: string): Promise<PageRow | undefined> {
  const rows = await tx.$queryRaw<PageRow[]>`
    select r.id, r.tenant_id as "tenantId", r.subject_kind as "subjectKind", r.subject_name as "templateName", r.source_ref as "draftId",
           r.number, r.title, r.description, r.state::text as state, r.revision, r.opened_by as "openedBy", r.opened_by_name as "openedByName",
           r.opened_at as "openedAt", r.updated_at as "updatedAt", r.decided_at as "decidedAt", r.outcome, r.problem,
           v.digest, v.content, v.base_ref as "baseSemver", v.base_digest as "baseDigest", v.base_content as "baseContent", v.changes, v.demands,
           v.next_ref as "nextSemver", v.findings, v.facts, v.policy_revision as "policyRevision", v.created_by_name as "createdByName",
           v.created_at as "headCreatedAt",
           (select jsonb_agg(jsonb_build_object('revision', o.revision, 'digest', o.digest, 'createdByName', o.created_by_name,
                                                'createdAt', o.created_at) order by o.revision)
              from (select revision, digest, created_by_name, created_at from review_revisions
                     where tenant_id = r.tenant_id and review_id = r.id order by revision desc limit ${REVISIONS_MAX}) o) as revisions,
           (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'userId', d.user_id, 'userName', d.user_name, 'verdict', d.verdict,
                     'revision', d.revision, 'digest', d.digest, 'note', d.note, 'at', d.at, 'killedAt', d.killed_at,
                     'killedReason', d.killed_reason) order by d.at, d.id), '[]')
              from review_decisions d where d.tenant_id = r.tenant_id and d.review_id = r.id) as decisions,
           (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'revision', c.revision, 'threadId', c.thread_id, 'pointer', c.pointer,
                     'body', c.body, 'authorId', c.author_id, 'authorName', c.author_name, 'at', c.at, 'resolvedAt', c.resolved_at,
                     'resolvedByName', coalesce(m.name, c.resolved_by)) order by c.at, c.id), '[]')
              from review_comments c left join members m on m.tenant_id = c.tenant_id and m.user_id::text = c.resolved_by
             where c.tenant_id = r.tenant_id and c.review_id = r.id) as comments,
           (select coalesce(jsonb_agg(jsonb_build_object('id', m.user_id, 'name', m.name, 'roles', m.roles, 'part', p.part) order by m.name), '[]')
              from members m left join review_participants p on p.tenant_id = m.tenant_id and p.review_id = r.id and p.user_id = m.user_id
             where m.tenant_id = r.tenant_id
               and (p.part is not null or m.roles && ${[...roles]}::text[] or m.user_id::text = ${readerId})) as people
      from reviews r join review_revisions v on v.tenant_id = r.tenant_id and v.review_id = r.id and v.revision = r.revision
     where r.number = ${number}`;
  return rows[0];
}

/** Failures: `reviews.missing`. */
export async function readReviewPage(tx: Transaction, reviews: Reviews, actor: Actor, number: number): Promise<ReviewPage> {
  const row = await findRow(tx, number, reviews.approverRoles(), actor.id);
  if (!row) throw missingReview(number);
  const { people, decisions, baseSemver, revision, digest } = row;
  const { changes, demands, nextSemver, findings, policyRevision } = row;
  const living = decisions.filter((one) => one.killedAt === null && one.revision === revision && one.digest === digest);
  const reader = people.find(({ id }) => id === actor.id);
  const { checks, count, approve } = await reviews.standing(tx, {
    tenantId: row.tenantId,
    subjectKind: row.subjectKind,
    subjectName: row.templateName,
    state: row.state,
    outcome: row.outcome,
    head: {
      digest,
      changes,
      demands,
      findings,
      policyRevision,
      nextRef: nextSemver,
      facts: row.facts,
      base: baseSemver === null ? null : { ref: baseSemver },
    },
    contributors: people.filter(({ part }) => part === "contributor").map(({ id }) => id),
    approvals: living
      .filter(({ verdict }) => verdict === "approve")
      .map(({ userId }) => ({ userId, roles: people.find(({ id }) => id === userId)?.roles ?? [] })),
    reader: {
      part: reader?.part ?? null,
      roles: reader?.roles ?? [],
      decided: living.some(({ userId }) => userId === actor.id),
    },
  });
  const mine = decisions.filter(({ userId, verdict }) => userId === actor.id && verdict === "approve");
  return {
    id: row.id,
    number,
    title: row.title,
    description: row.description,
    subjectKind: row.subjectKind,
    templateName: row.templateName,
    draftId: row.draftId,
    state: row.state,
    revision,
    digest,
    openedBy: { id: row.openedBy, name: row.openedByName },
    openedAt: row.openedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    outcome: row.outcome,
    problem: row.problem,
    head: {
      revision,
      digest,
      content: row.content,
      base: baseSemver === null ? null : { semver: baseSemver, digest: row.baseDigest ?? "", content: row.baseContent ?? "" },
      changes,
      demands,
      nextSemver,
      findings,
      policyRevision,
      createdByName: row.createdByName,
      createdAt: row.headCreatedAt.toISOString(),
    },
    checks,
    contributors: people.filter(({ part }) => part === "contributor").map(({ id, name }) => ({ id, name })),
    approvals: { required: count.required, given: count.given, roles: [...count.roles], rules: [...count.rules] },
    decisions: decisions.map((decision) => ({ ...decision, at: iso(decision.at), killedAt: isoOrNull(decision.killedAt) })),
    revisions: row.revisions.map((one) => ({ ...one, createdAt: iso(one.createdAt) })),
    threads: threadsOf(row.comments),
    mine: {
      part: reader?.part ?? null,
      approve,
      lastApprovedRevision: mine.some(({ killedAt }) => killedAt === null) ? null : (mine.at(-1)?.revision ?? null),
    },
    whoCan: people
      .filter(({ part, roles }) => part !== "contributor" && roles.some((role) => count.roles.includes(role)))
      .filter(({ id }) => count.allowed || !living.some(({ userId }) => userId === id))
      .map(({ id, name }) => ({ id, name })),
  };
}

function threadsOf(comments: readonly Comment[]): ReviewThread[] {
  const remark = ({ id, body, authorId, authorName, at }: Comment): Remark => ({ id, body, authorId, authorName, at: iso(at) });
  const replies = Map.groupBy(comments, ({ threadId }) => threadId);
  return (replies.get(null) ?? []).map((comment) => ({
    ...remark(comment),
    revision: comment.revision,
    pointer: comment.pointer,
    resolvedAt: isoOrNull(comment.resolvedAt),
    resolvedByName: comment.resolvedByName,
    replies: (replies.get(comment.id) ?? []).map(remark),
  }));
}

function iso(text: string): string {
  return new Date(text).toISOString();
}

function isoOrNull(text: string | null): string | null {
  return text === null ? null : iso(text);
}

export function missingReview(number: number): Failure {
  return new Failure("missing", "reviews.missing", `No such review: ${number}`, { review: number });
}
