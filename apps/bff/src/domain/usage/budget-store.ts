/** Budgets in SQL, in their tenant's transaction. */
import type { FastTransaction } from "../../platform/fast-database.ts";

export type BudgetRow = {
  readonly id: string;
  readonly templateId: string | null;
  readonly templateName: string | null;
  readonly amountMicros: number;
  readonly currency: string;
  readonly warnPercents: number[];
  readonly stopPercent: number | null;
  readonly told: unknown;
  readonly spentMicros: number;
  readonly held: boolean;
};

/** A hold of a budget names it so. */
export const holdSource = (budgetId: string): string => `budget:${budgetId}`;

export async function listTenantsWithBudgets(tx: FastTransaction): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>("select distinct tenant_id as id from budgets order by 1");
  return rows.map(({ id }) => id);
}

/** Every budget of the tenant with what was spent from `from` on; locked when `lock`, in one order. */
export async function listBudgets(tx: FastTransaction, from: Date, { lock = false }: { lock?: boolean } = {}): Promise<BudgetRow[]> {
  const { rows } = await tx.query<BudgetRow>(
    `select b.id, b.template_id as "templateId", t.name as "templateName", b.amount_micros as "amountMicros", b.currency,
       b.warn_percents as "warnPercents", b.stop_percent as "stopPercent", b.told,
       round(coalesce((select sum(u.allocated_nanos) from usage_rollups u where u.tenant_id = b.tenant_id and u.grain_seconds = 86400 and u.bucket >= $1
         and (b.template_id is null or u.template_id = b.template_id)), 0) / 1000)::bigint as "spentMicros",
       exists (select from quota_holds h where h.tenant_id = b.tenant_id and h.source = 'budget:' || b.id and h.released_at is null) as held
     from budgets b left join templates t on t.id = b.template_id order by b.id ${lock ? "for update of b" : ""}`,
    [from],
  );
  return rows;
}

export async function setTold(tx: FastTransaction, budgetId: string, told: unknown): Promise<void> {
  await tx.query("update budgets set told = $2::jsonb where id = $1", [budgetId, JSON.stringify(told)]);
}

export type NewBudget = {
  readonly tenantId: string;
  readonly templateId: string | null;
  readonly amountMicros: number;
  readonly currency: string;
  readonly warnPercents: readonly number[];
  readonly stopPercent: number | null;
};

/** Null when its scope has a budget already. */
export async function insertBudget(tx: FastTransaction, budget: NewBudget, by: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into budgets (tenant_id, template_id, amount_micros, currency, warn_percents, stop_percent, created_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id`,
    [budget.tenantId, budget.templateId, budget.amountMicros, budget.currency, budget.warnPercents, budget.stopPercent, by],
  );
  return rows[0]?.id ?? null;
}

/** A budget that changed judges its stop level anew: a person who released the hold of the old one did not release that of the new. */
export async function updateBudget(
  tx: FastTransaction,
  id: string,
  change: Pick<NewBudget, "amountMicros" | "warnPercents" | "stopPercent">,
): Promise<{ amountMicros: number; warnPercents: number[]; stopPercent: number | null } | null> {
  const { rows } = await tx.query<{ amountMicros: number; warnPercents: number[]; stopPercent: number | null }>(
    `with before as (select id, amount_micros, warn_percents, stop_percent from budgets where id = $1 for update)
     update budgets b set amount_micros = $2, warn_percents = $3, stop_percent = $4, updated_at = now(),
       told = case when (before.amount_micros, before.stop_percent) is distinct from ($2::bigint, $4::int) then b.told - 'stopped' else b.told end
     from before where b.id = before.id
     returning before.amount_micros as "amountMicros", before.warn_percents as "warnPercents", before.stop_percent as "stopPercent"`,
    [id, change.amountMicros, change.warnPercents, change.stopPercent],
  );
  return rows[0] ?? null;
}

export async function deleteBudget(tx: FastTransaction, id: string): Promise<{ templateId: string | null; amountMicros: number } | null> {
  const { rows } = await tx.query<{ templateId: string | null; amountMicros: number }>(
    `delete from budgets where id = $1 returning template_id as "templateId", amount_micros as "amountMicros"`,
    [id],
  );
  return rows[0] ?? null;
}

export async function findTemplateId(tx: FastTransaction, name: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>("select id from templates where name = $1", [name]);
  return rows[0]?.id ?? null;
}

export async function findCurrency(tx: FastTransaction, tenantId: string): Promise<string> {
  const { rows } = await tx.query<{ currency: string }>("select currency from tenants where id = $1", [tenantId]);
  if (!rows[0]) throw new Error("A tenant without a row");
  return rows[0].currency;
}

/** The next revision of the tenant's prices; two who set them at once get one each. */
export async function insertPriceBook(
  tx: FastTransaction,
  book: { tenantId: string; currency: string; prices: unknown; validFrom: Date },
  by: string,
): Promise<number> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('price-book ' || $1, 0))", [book.tenantId]);
  const { rows } = await tx.query<{ revision: number }>(
    `insert into price_books (tenant_id, revision, currency, prices, valid_from, created_by)
     select $1, coalesce(max(revision), 0) + 1, $2, $3::jsonb, $4, $5 from price_books where tenant_id = $1 returning revision`,
    [book.tenantId, book.currency, JSON.stringify(book.prices), book.validFrom, by],
  );
  return rows[0]?.revision ?? 0;
}
