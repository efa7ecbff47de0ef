/** Holds in SQL. A hold with a time limit ends by itself; nobody has to release it. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type HoldRow = {
  readonly id: string;
  readonly templateId: string | null;
  readonly templateName: string | null;
  readonly source: string;
  readonly reason: string;
  readonly since: Date;
  readonly until: Date | null;
};

const COLUMNS = `h.id, h.template_id as "templateId", (select t.name from templates t where t.id = h.template_id) as "templateName",
  h.source, h.reason, h.since, h.until`;

export async function listHolds(tx: FastTransaction, now: Date): Promise<HoldRow[]> {
  const { rows } = await tx.query<HoldRow>(
    `select ${COLUMNS} from quota_holds h where released_at is null and (until is null or until > $1) order by since, id`,
    [now],
  );
  return rows;
}

/** The oldest hold that refuses runs of this template, also one of the whole tenant. */
export async function findHold(tx: FastTransaction, templateId: string, now: Date): Promise<Omit<HoldRow, "templateName"> | null> {
  const { rows } = await tx.query<Omit<HoldRow, "templateName">>(
    {
      name: "quotas_hold",
      text: `select id, template_id as "templateId", source, reason, since, until from quota_holds
              where released_at is null and (until is null or until > $2) and (template_id is null or template_id = $1) order by since, id limit 1`,
    },
    [templateId, now],
  );
  return rows[0] ?? null;
}

export type NewHold = {
  readonly tenantId: string;
  readonly templateId: string | null;
  readonly source: string;
  readonly reason: string;
  readonly until: Date | null;
};

/** The live hold of this source, which is one: whoever says it again changes the words and the end. */
export async function upsertHold(tx: FastTransaction, hold: NewHold, now: Date): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into quota_holds (tenant_id, template_id, source, reason, since, until) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, source) where released_at is null do update set reason = excluded.reason, until = excluded.until returning id`,
    [hold.tenantId, hold.templateId, hold.source, hold.reason, now, hold.until],
  );
  if (!rows[0]) throw new Error("no hold was written");
  return rows[0].id;
}

export async function releaseHold(tx: FastTransaction, holdId: string, by: string, now: Date): Promise<HoldRow | null> {
  const { rows } = await tx.query<HoldRow>(
    `update quota_holds h set released_at = $3, released_by = $2 where id = $1 and released_at is null returning ${COLUMNS}`,
    [holdId, by, now],
  );
  return rows[0] ?? null;
}

export async function releaseSource(tx: FastTransaction, tenantId: string, source: string, by: string, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    "update quota_holds set released_at = $4, released_by = $3 where tenant_id = $1 and source = $2 and released_at is null",
    [tenantId, source, by, now],
  );
  return (rowCount ?? 0) > 0;
}
