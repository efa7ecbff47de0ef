/** Usage as people look at it: percentiles over time, budgets with what became of them, prices. Costs and SLOs have files of their own. */
import type { Access } from "../domain/access/access.ts";
import type { Actor } from "../domain/actor.ts";
import { Failure } from "../domain/failure.ts";
import { FORECAST_DAYS, type Forecast, forecast, monthOf } from "../domain/usage/budget.ts";
import { bookAt, type PriceBook, type Prices } from "../domain/usage/price-book.ts";
import { mergeSketches } from "../domain/usage/sketch.ts";
import type { Clock } from "../platform/clock.ts";
import type { FastTransaction } from "../platform/fast-database.ts";
import { type CostsView, createCostsView, spanOf } from "./costs.ts";
import { createSlosView, type SlosView } from "./slos.ts";

export type PercentileBucket = {
  from: string;
  runs: number;
  /** Failed or given up. */
  failed: number;
  /** Milliseconds, within 2 %; null: nothing was timed. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
};

export type BudgetView = {
  id: string;
  templateId: string | null;
  templateName: string | null;
  amountMicros: number;
  currency: string;
  warnPercents: number[];
  stopPercent: number | null;
  spentMicros: number;
  spentPercent: number;
  /** At the month's end; null: too little is known. */
  forecastMicros: number | null;
  /** Nine times in ten. */
  forecastInterval: { lower: number; upper: number } | null;
  hold: { since: string; reason: string } | null;
};

export type PricesView = {
  currency: string;
  /** 0: the default book, nobody set prices. */
  revision: number;
  prices: Prices;
  validFrom: string | null;
  history: { revision: number; prices: Prices; validFrom: string; createdAt: string; createdByName: string | null }[];
};

export type UsageView = {
  costs: CostsView;
  slos: SlosView;
  percentiles(
    actor: Actor,
    query: { templateName: string; from: string; to: string; bucketSeconds: number },
  ): Promise<{ buckets: PercentileBucket[] }>;
  budgets(actor: Actor): Promise<{ month: { from: string; to: string }; items: BudgetView[] }>;
  prices(actor: Actor): Promise<PricesView>;
};

const DAY_MS = 86_400_000;
const BUCKETS_MAX = 1_500;
const HISTORY_MAX = 100;

export function createUsageView({ access, clock }: { access: Access; clock: Clock }): UsageView {
  const usage = (actor: Actor) => ({ actor, action: "usage.read" as const, resource: { kind: "usage", id: "*" } });
  return {
    costs: createCostsView({ access }),
    slos: createSlosView({ access, clock }),
    percentiles: (actor, query) => access.readFast(usage(actor), (tx) => percentilesOf(tx, query)),
    budgets: (actor) =>
      access.readFast({ actor, action: "budgets.read", resource: { kind: "budget", id: "*" } }, (tx) => budgetsOf(tx, clock.now())),
    prices: (actor) =>
      access.readFast({ actor, action: "prices.read", resource: { kind: "price-book", id: "*" } }, (tx) =>
        pricesOf(tx, actor.tenantId ?? "", clock.now()),
      ),
  };
}

async function percentilesOf(
  tx: FastTransaction,
  { templateName, bucketSeconds, ...period }: { templateName: string; from: string; to: string; bucketSeconds: number },
): Promise<{ buckets: PercentileBucket[] }> {
  const { from, to } = spanOf(period);
  const bucketMs = bucketSeconds * 1_000;
  const first = Math.floor(from.getTime() / bucketMs) * bucketMs;
  const count = Math.ceil((to.getTime() - first) / bucketMs);
  if (count > BUCKETS_MAX)
    throw new Failure("invalid", "usage.too-many-buckets", `At most ${BUCKETS_MAX} buckets at once: take longer ones`, {
      max: BUCKETS_MAX,
    });
  const grain = [86_400, 3_600, 60].find((seconds) => bucketSeconds % seconds === 0) ?? 60;
  const { rows } = await tx.query<{ bucket: Date; runs: number; failed: number; sketch: Buffer | null }>(
    `select u.bucket, u.runs, u.failed + u.dead as failed, u.duration_sketch as sketch from usage_rollups u
      where u.grain_seconds = $1 and u.template_id = (select id from templates where name = $2) and u.bucket >= $3 and u.bucket < $4`,
    [grain, templateName, new Date(first), to],
  );
  const byBucket = Map.groupBy(rows, ({ bucket }) => Math.floor((bucket.getTime() - first) / bucketMs));
  return {
    buckets: Array.from({ length: count }, (_, n) => {
      const parts = byBucket.get(n) ?? [];
      const sketch = mergeSketches(parts.map((part) => part.sketch));
      return {
        from: new Date(first + n * bucketMs).toISOString(),
        runs: parts.reduce((sum, { runs }) => sum + runs, 0),
        failed: parts.reduce((sum, { failed }) => sum + failed, 0),
        p50: sketch.quantile(0.5),
        p95: sketch.quantile(0.95),
        p99: sketch.quantile(0.99),
      };
    }),
  };
}

type BudgetRow = Omit<BudgetView, "spentPercent" | "forecastMicros" | "forecastInterval" | "hold" | "spentMicros"> & {
  since: Date | null;
  reason: string | null;
};

async function budgetsOf(tx: FastTransaction, now: Date): Promise<{ month: { from: string; to: string }; items: BudgetView[] }> {
  const month = monthOf(now);
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const back = new Date(today - FORECAST_DAYS * DAY_MS);
  const { rows } = await tx.query<BudgetRow>(
    `select b.id, b.template_id as "templateId", t.name as "templateName", b.amount_micros as "amountMicros", b.currency,
       b.warn_percents as "warnPercents", b.stop_percent as "stopPercent", h.since, h.reason
     from budgets b left join templates t on t.id = b.template_id
       left join quota_holds h on h.source = 'budget:' || b.id and h.released_at is null
     order by b.template_id is not null, t.name`,
  );
  const { rows: days } = await tx.query<{ templateId: string; bucket: Date; nanos: number }>(
    `select template_id as "templateId", bucket, sum(allocated_nanos)::float8 as nanos from usage_rollups
      where grain_seconds = 86400 and bucket >= least($1::timestamptz, $2::timestamptz) group by 1, 2`,
    [back, month.from],
  );
  const items = rows.map(({ since, reason, ...row }): BudgetView => {
    const own = days.filter(({ templateId }) => row.templateId === null || row.templateId === templateId);
    const sum = (from: number, to: number) =>
      Math.round(
        own.reduce((total, { bucket, nanos }) => (bucket.getTime() >= from && bucket.getTime() < to ? total + nanos : total), 0) / 1_000,
      );
    const spentMicros = sum(month.from.getTime(), month.to.getTime());
    const whole = Array.from({ length: FORECAST_DAYS }, (_, n) => sum(back.getTime() + n * DAY_MS, back.getTime() + (n + 1) * DAY_MS));
    const outlook: Forecast | null = forecast({ spentMicros, days: whole, now });
    return {
      ...row,
      spentMicros,
      spentPercent: (100 * spentMicros) / row.amountMicros,
      forecastMicros: outlook?.micros ?? null,
      forecastInterval: outlook && { lower: outlook.lower, upper: outlook.upper },
      hold: since && { since: since.toISOString(), reason: reason ?? "" },
    };
  });
  return { month: { from: month.from.toISOString(), to: month.to.toISOString() }, items };
}

async function pricesOf(tx: FastTransaction, tenantId: string, now: Date): Promise<PricesView> {
  const { rows: tenants } = await tx.query<{ currency: string }>("select currency from tenants where id = $1", [tenantId]);
  const { rows } = await tx.query<PriceBook & { createdAt: Date; createdByName: string | null }>(
    `select b.revision, b.currency, b.prices, b.valid_from as "validFrom", b.created_at as "createdAt",
       (select m.name from members m where m.user_id::text = b.created_by) as "createdByName"
     from price_books b order by b.valid_from desc, b.revision desc limit ${HISTORY_MAX}`,
  );
  const { revision, currency, prices, validFrom } = bookAt(rows, now, tenants[0]?.currency ?? "EUR");
  return {
    currency,
    revision,
    prices,
    validFrom: revision === 0 ? null : validFrom.toISOString(),
    history: rows.map(({ currency: _, ...row }) => ({
      ...row,
      validFrom: row.validFrom.toISOString(),
      createdAt: row.createdAt.toISOString(),
    })),
  };
}
