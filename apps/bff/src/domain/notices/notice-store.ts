/** Notices in PostgreSQL, and what the tables of the modules to the left say of the things that events name. */
import type { FastTransaction } from "../../platform/fast-database.ts";
import type { Facts, Named, Notice, People } from "./notice.ts";

/** Looks up what an event names. Who stands behind a version are those of its review: who asked, and whose bytes it holds. */
export async function findFacts(tx: FastTransaction, { versionId, runId, keyId }: Named): Promise<Facts> {
  const { rows } = await tx.query<Facts>(
    `select
       (select jsonb_build_object('templateName', t.name, 'semver', v.semver, 'reason', v.state_reason, 'authors',
          coalesce((select jsonb_agg(distinct author) from (
            select r.opened_by as author from reviews r where r.id = v.review_id
            union all select p.user_id::text from review_participants p where p.review_id = v.review_id and p.part = 'contributor'
          ) authors), '[]'))
        from template_versions v join templates t on t.id = v.template_id where v.id = $1::uuid) as version,
       (select jsonb_build_object('finishedAt', r.finished_at) from runs r where r.id = $2::uuid) as run,
       (select jsonb_build_object('hint', k.hint, 'from', k.distrusted_from, 'reason', k.distrust_reason) from signing_keys k
        where k.id = $3::uuid) as key`,
    [versionId, runId, keyId],
  );
  const { version = null, run = null, key = null } = rows[0] ?? {};
  return { version, run: run && { finishedAt: dated(run.finishedAt) }, key: key && { ...key, from: dated(key.from) } };
}

/** JSON knows no dates. */
function dated(at: Date | string | null): Date | null {
  return at === null ? null : new Date(at);
}

/** Members of the transaction's tenant (row-level security) for whom the notice is. Ids of strangers name nobody. */
const PEOPLE = "(m.user_id::text = any($1::text[]) or m.roles && $2::text[]) and m.user_id::text <> all($3::text[])";

/** A publication's line becomes the signature's; anything else stays as it was first told. */
const BECOMES = "n.kind = 'version.published' and $5 = 'version.signed'";

function parametersOf({ people: { ids, roles, except }, key, kind }: { people: People; key: string; kind: string }): unknown[] {
  return [ids, roles, except, key, kind];
}

/** Whether writing the notice would change anything. */
export async function isNews(tx: FastTransaction, notice: Notice): Promise<boolean> {
  const { rows } = await tx.query<{ news: boolean }>(
    `select exists (select from members m where ${PEOPLE}
       and not exists (select from notices n where n.user_id = m.user_id and n.key = $4 and not (${BECOMES}))) as news`,
    parametersOf(notice),
  );
  return rows[0]?.news ?? false;
}

/** One row a person who has none of this cause; says whom it told, those included whose line became another. */
export async function insertNotices(tx: FastTransaction, tenantId: string, notice: Notice, eventId: number): Promise<string[]> {
  const { rows } = await tx.query<{ userId: string }>(
    `insert into notices as n (tenant_id, user_id, key, kind, href, data)
     select $6::uuid, m.user_id, $4, $5, $7, $8::jsonb from members m where ${PEOPLE}
     on conflict (tenant_id, user_id, key) do update set kind = excluded.kind, data = excluded.data where ${BECOMES}
     returning n.user_id as "userId"`,
    [...parametersOf(notice), tenantId, notice.href, JSON.stringify({ ...notice.data, event: eventId })],
  );
  return rows.map(({ userId }) => userId);
}

/**
 * Counts an event in the notices that an earlier one made. Never twice, so an event that comes out of order is not counted: the figure
 * is a lower bound.
 */
export async function countInto(tx: FastTransaction, key: string, eventId: number): Promise<void> {
  await tx.query(
    `update notices set data = data || jsonb_build_object('runs', (data->>'runs')::int + 1, 'event', $2::bigint)
     where key = $1 and (data->>'event')::bigint < $2::bigint`,
    [key, eventId],
  );
}

/** Requests that nobody needs to follow any more; says who had not looked yet. */
export async function settleRequests(tx: FastTransaction, href: string, at: Date): Promise<string[]> {
  const { rows } = await tx.query<{ userId: string }>(
    `update notices set read_at = $2 where href = $1 and kind = 'review.requested' and read_at is null returning user_id as "userId"`,
    [href, at],
  );
  return [...new Set(rows.map(({ userId }) => userId))];
}

export type Marked = { readonly ids: readonly string[] } | { readonly all: true } | { readonly href: string };

/** Marks what is this person's own; ids of others match nothing. */
export async function markRead(tx: FastTransaction, userId: string, marked: Marked, at: Date): Promise<number> {
  const ids = "ids" in marked ? marked.ids : null;
  const href = "href" in marked ? marked.href : null;
  const { rowCount } = await tx.query(
    `update notices set read_at = $4 where user_id = $1::uuid and read_at is null
       and ($2::uuid[] is null or id = any($2::uuid[])) and ($3::text is null or href = $3)`,
    [userId, ids, href, at],
  );
  return rowCount ?? 0;
}

/** Deletes one batch of what was read before; says how many. */
export async function deleteRead(tx: FastTransaction, before: Date, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    "delete from notices where id in (select id from notices where read_at < $1 order by read_at limit $2)",
    [before, limit],
  );
  return rowCount ?? 0;
}
