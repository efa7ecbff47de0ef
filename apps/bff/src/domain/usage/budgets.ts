/** Budgets and prices: what people set, and the loop that watches what was set. */
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { Actor, SystemActor } from "../actor.ts";
import { addToOutbox } from "../audit/outbox.ts";
import { Failure } from "../failure.ts";
import type { Quotas } from "../quotas/quotas.ts";
import { assess, monthOf, toldOf } from "./budget.ts";
import {
  type BudgetRow,
  deleteBudget,
  findCurrency,
  findTemplateId,
  holdSource,
  insertBudget,
  insertPriceBook,
  listBudgets,
  listTenantsWithBudgets,
  setTold,
  updateBudget,
} from "./budget-store.ts";
import type { Prices } from "./price-book.ts";

export type BudgetInput = {
  /** Of the budget to change; its scope stays. */
  readonly id?: string | undefined;
  /** Null: the whole tenant. */
  readonly templateName: string | null;
  readonly amountMicros: number;
  readonly warnPercents: readonly number[];
  readonly stopPercent: number | null;
};

export type Budgets = {
  /** Failures: `templates.missing`, `budgets.missing`, `budgets.exists` (its scope has one already). */
  setBudget(actor: Actor, input: BudgetInput): Promise<{ budgetId: string }>;
  /** Its hold goes with it. Failures: `budgets.missing`. */
  removeBudget(actor: Actor, input: { id: string }): Promise<{ removed: true }>;
  /**
   * Prices from `validFrom` (now) on. What was counted keeps its cost. Failures: `prices.other-currency` (a tenant has one),
   * `prices.in-the-past`.
   */
  setPrices(actor: Actor, input: { currency: string; prices: Prices; validFrom?: Date | undefined }): Promise<{ revision: number }>;
  /**
   * Warns once a month and level (outbox `budget.warned`), holds at the stop level (`budget.stopped`), releases when there is no reason any
   * more. Answers how many budgets moved. Fail-open: while it does not run, nothing is held that was not.
   */
  watchBudgets(loop: SystemActor): Promise<number>;
};

export type BudgetsParts = {
  readonly access: Access;
  readonly fastDatabase: FastDatabase;
  readonly quotas: Pick<Quotas, "hold" | "releaseOf">;
  readonly clock: Clock;
};

export function createBudgets({ access, fastDatabase, quotas, clock }: BudgetsParts): Budgets {
  const watchOne = async (tx: FastTransaction, loop: SystemActor, tenantId: string, row: BudgetRow): Promise<boolean> => {
    const month = monthOf(clock.now()).name;
    const told = toldOf(row.told);
    const step = assess({ ...row, told }, month);
    const { id: budgetId, templateId, templateName, amountMicros, spentMicros, currency } = row;
    const payload = { budgetId, templateId, templateName, month, amountMicros, spentMicros, currency };
    const source = holdSource(budgetId);
    if (step.release) await quotas.releaseOf(tx, loop, { tenantId, source });
    if (step.hold) {
      const scope = templateName === null ? "" : ` of ${templateName}`;
      await quotas.hold(tx, { tenantId, templateId, source, reason: `the budget${scope} for ${month} is used up to ${row.stopPercent} %` });
      await addToOutbox(tx, { tenantId, topic: "budget.stopped", key: budgetId, payload: { ...payload, percent: row.stopPercent } });
    }
    // Whoever hears that runs are refused need not hear that they soon will be.
    else if (step.warn !== null)
      await addToOutbox(tx, { tenantId, topic: "budget.warned", key: budgetId, payload: { ...payload, percent: step.warn } });
    const moved = step.release || step.hold || step.warn !== null;
    if (moved || JSON.stringify(step.told) !== JSON.stringify(told)) await setTold(tx, budgetId, step.told);
    return moved;
  };

  return {
    setBudget: (actor, { id, templateName, ...change }) =>
      access.performFast({ actor, action: "budgets.set", resource: { kind: "budget", id: id ?? "new" } }, async (tx, note) => {
        note.after({ templateName, ...change });
        if (id !== undefined) {
          const before = await updateBudget(tx, id, change);
          if (!before) throw missing(id);
          note.before(before);
          return { budgetId: id };
        }
        const tenantId = actor.tenantId ?? "";
        const templateId = templateName === null ? null : await findTemplateId(tx, templateName);
        if (templateName !== null && templateId === null)
          throw new Failure("missing", "templates.missing", `There is no template ${templateName}`, { name: templateName });
        const currency = await findCurrency(tx, tenantId);
        const budgetId = await insertBudget(tx, { tenantId, templateId, currency, ...change }, actor.id);
        if (budgetId === null)
          throw new Failure("conflict", "budgets.exists", "There is a budget for this already: change that one", { templateName });
        note.resource(budgetId);
        return { budgetId };
      }),

    removeBudget: (actor, { id }) =>
      access.performFast({ actor, action: "budgets.set", resource: { kind: "budget", id } }, async (tx, note) => {
        const removed = await deleteBudget(tx, id);
        if (!removed) throw missing(id);
        note.before(removed);
        const tenantId = actor.tenantId ?? "";
        await quotas.releaseOf(
          tx,
          { kind: "system", id: "system:budgets", name: "budgets", tenantId, roles: ["system"] },
          { tenantId, source: holdSource(id) },
        );
        return { removed: true };
      }),

    setPrices: (actor, { currency, prices, validFrom }) =>
      access.performFast({ actor, action: "prices.set", resource: { kind: "price-book", id: "new" } }, async (tx, note) => {
        const now = clock.now();
        const tenantId = actor.tenantId ?? "";
        const ours = await findCurrency(tx, tenantId);
        if (currency !== ours)
          throw new Failure("invalid", "prices.other-currency", `This tenant counts in ${ours}`, { currency, expected: ours });
        if (validFrom !== undefined && validFrom < now)
          throw new Failure("invalid", "prices.in-the-past", "What was counted keeps its cost: prices begin now or later", {});
        const book = { tenantId, currency, prices, validFrom: validFrom ?? now };
        const revision = await insertPriceBook(tx, book, actor.id);
        note.resource(String(revision));
        note.after({ revision, currency, prices, validFrom: book.validFrom.toISOString() });
        return { revision };
      }),

    watchBudgets: async (loop) => {
      let moved = 0;
      for (const tenantId of await fastDatabase.asSystem(listTenantsWithBudgets, { readOnly: true })) {
        await fastDatabase.inTenant(tenantId, async (tx) => {
          for (const row of await listBudgets(tx, monthOf(clock.now()).from, { lock: true }))
            if (await watchOne(tx, loop, tenantId, row)) moved += 1;
        });
      }
      return moved;
    },
  };
}

function missing(id: string): Failure {
  return new Failure("missing", "budgets.missing", "There is no such budget", { id });
}
