/** Plans and the drafts they come from, in SQL that joins either engine's transaction. */
import { type AnyTransaction, sqlOf } from "../../platform/sql.ts";

export type PlanRow = {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly digest: string;
  readonly source: string;
  readonly reviewId: string | null;
  readonly publishedAt: Date;
  readonly publishedBy: string;
  readonly signature: PlanSignature;
  /** Its signature's place in the log. */
  readonly logIndex: number | null;
};

/** `waiting` for it, `held`, or `distrusted`: made by a key that was distrusted from before or at its place in the log. */
export type PlanSignature = "waiting" | "held" | "distrusted";

/** The log's seconds against the distrusted moment, rounded as the gate rounds it. */
const COLUMNS = `p.id, p.name, p.revision, p.digest, p.source, p.review_id as "reviewId", p.published_at as "publishedAt", p.published_by as "publishedBy",
  a.log_index::int as "logIndex",
  case when a.id is null then 'waiting'
       when exists (select from signing_keys k where k.tenant_id = p.tenant_id and k.hint = a.key_hint
         and a.integrated_at >= date_trunc('second', k.distrusted_from)) then 'distrusted'
       else 'held' end as signature`;
const PLANS =
  "rollout_plans p left join attestations a on a.tenant_id = p.tenant_id and a.id = p.attestation_id and a.subject_digest = p.digest";

/** The newest revision of each plan. */
export async function listPlans(tx: AnyTransaction): Promise<PlanRow[]> {
  return sqlOf(tx).execute<PlanRow>(
    `select ${COLUMNS} from ${PLANS}
      where not exists (select from rollout_plans q where q.tenant_id = p.tenant_id and q.name = p.name and q.revision > p.revision) order by p.name`,
  );
}

export async function listRevisions(tx: AnyTransaction, name: string): Promise<PlanRow[]> {
  return sqlOf(tx).execute<PlanRow>(`select ${COLUMNS} from ${PLANS} where p.name = $1 order by p.revision desc limit 100`, [name]);
}

/** The plan's newest revision. */
export async function findPlan(tx: AnyTransaction, name: string): Promise<PlanRow | null> {
  const [row] = await sqlOf(tx).execute<PlanRow>(`select ${COLUMNS} from ${PLANS} where p.name = $1 order by p.revision desc limit 1`, [
    name,
  ]);
  return row ?? null;
}

export type UnsignedPlan = {
  readonly name: string;
  readonly revision: number;
  readonly digest: string;
  readonly attestationId: string | null;
  readonly publishedAt: Date;
  readonly tenant: { readonly id: string; readonly slug: string };
  readonly parent: { readonly revision: number; readonly digest: string } | null;
  /** Null for a plan that no review made. */
  readonly reviewId: string | null;
  readonly proposedBy: { readonly id: string; readonly name: string } | null;
};

/** A revision with what its signature is to say of it. */
export async function findPlanToSign(tx: AnyTransaction, planId: string): Promise<UnsignedPlan | null> {
  const [row] = await sqlOf(tx).execute<UnsignedPlan>(
    `select p.name, p.revision, p.digest, p.attestation_id as "attestationId", p.published_at as "publishedAt", r.id as "reviewId",
       jsonb_build_object('id', n.id, 'slug', n.slug) as tenant,
       (select jsonb_build_object('revision', q.revision, 'digest', q.digest) from rollout_plans q
         where q.tenant_id = p.tenant_id and q.name = p.name and q.revision = p.revision - 1) as parent,
       case when r.id is not null then jsonb_build_object('id', r.opened_by, 'name', r.opened_by_name) end as "proposedBy"
     from rollout_plans p join tenants n on n.id = p.tenant_id left join reviews r on r.tenant_id = p.tenant_id and r.id = p.review_id
     where p.id = $1::uuid`,
    [planId],
  );
  return row ?? null;
}

/** Whether it was the first to say so. */
export async function attachPlanAttestation(tx: AnyTransaction, planId: string, attestationId: string): Promise<boolean> {
  const rows = await sqlOf(tx).execute(
    "update rollout_plans set attestation_id = $2::uuid where id = $1::uuid and attestation_id is null returning id",
    [planId, attestationId],
  );
  return rows.length > 0;
}

export type DraftRow = {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly state: string;
  readonly createdBy: string;
};

const DRAFT = `d.id, d.name, d.source, d.state, d.created_by as "createdBy"`;

/** Held until the transaction ends. */
export async function lockPlanDraft(tx: AnyTransaction, draftId: string): Promise<DraftRow | null> {
  const [row] = await sqlOf(tx).execute<DraftRow>(`select ${DRAFT} from rollout_plan_drafts d where d.id = $1::uuid for update`, [draftId]);
  return row ?? null;
}

export async function findPlanDraft(tx: AnyTransaction, draftId: string): Promise<DraftRow | null> {
  const [row] = await sqlOf(tx).execute<DraftRow>(`select ${DRAFT} from rollout_plan_drafts d where d.id = $1::uuid`, [draftId]);
  return row ?? null;
}

export async function findOpenDraft(tx: AnyTransaction, name: string): Promise<string | null> {
  const [row] = await sqlOf(tx).execute<{ id: string }>("select id from rollout_plan_drafts where name = $1 and state = 'open'", [name]);
  return row?.id ?? null;
}

/** Null when there is an open one of this name. */
export async function insertPlanDraft(
  tx: AnyTransaction,
  draft: { readonly tenantId: string; readonly name: string; readonly source: string; readonly createdBy: string },
): Promise<string | null> {
  const [row] = await sqlOf(tx).execute<{ id: string }>(
    `insert into rollout_plan_drafts (tenant_id, name, source, created_by) values ($1::uuid, $2, $3, $4)
     on conflict (tenant_id, name) where state = 'open' do nothing returning id`,
    [draft.tenantId, draft.name, draft.source, draft.createdBy],
  );
  return row?.id ?? null;
}

/** Drafts of this name whose review ended without a plan are open no more: somebody may propose again. */
export async function closeAbandonedDrafts(tx: AnyTransaction, name: string): Promise<void> {
  await sqlOf(tx).execute(
    `update rollout_plan_drafts d set state = 'closed', updated_at = now() where d.name = $1 and d.state = 'open'
       and not exists (select from reviews r where r.subject_kind = 'plan' and r.source_ref = d.id::text
         and (r.state = 'open' or (r.state = 'approved' and r.outcome is null)))`,
    [name],
  );
}

export async function closePlanDraft(tx: AnyTransaction, draftId: string): Promise<void> {
  await sqlOf(tx).execute("update rollout_plan_drafts set state = 'published', updated_at = now() where id = $1::uuid", [draftId]);
}

export async function insertPlan(
  tx: AnyTransaction,
  plan: {
    readonly tenantId: string;
    readonly name: string;
    readonly digest: string;
    readonly source: string;
    readonly reviewId: string;
    readonly publishedBy: string;
  },
): Promise<{ id: string; revision: number }> {
  const [row] = await sqlOf(tx).execute<{ id: string; revision: number }>(
    `insert into rollout_plans (tenant_id, name, revision, digest, source, review_id, published_by)
     select $1::uuid, $2, coalesce((select max(revision) from rollout_plans where tenant_id = $1::uuid and name = $2), 0) + 1, $3, $4, $5::uuid, $6
     returning id, revision`,
    [plan.tenantId, plan.name, plan.digest, plan.source, plan.reviewId, plan.publishedBy],
  );
  if (!row) throw new Error("no plan was inserted");
  return row;
}
