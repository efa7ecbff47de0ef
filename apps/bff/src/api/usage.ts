import { z } from "zod";
import { pricesSchema } from "../domain/usage/price-book.ts";
import { procedure, router } from "./procedure.ts";
import { name } from "./templates.ts";

const moment = z.iso.datetime();
const period = z.object({ from: moment, to: moment });
const costs = period.extend({
  by: z.enum(["template", "version", "channel", "day"]),
  basis: z.enum(["allocated", "used"]),
  compareWith: period.optional(),
});
const percentiles = period.extend({
  templateName: name,
  /** Whole minutes. */
  bucketSeconds: z
    .int()
    .min(60)
    .max(31 * 86_400)
    .multipleOf(60),
});
const percent = z.int().min(1).max(1_000);
const budget = z.object({
  id: z.uuid().optional(),
  templateName: name.nullable(),
  amountMicros: z.int().positive().max(1e15),
  warnPercents: z.array(percent).max(10),
  stopPercent: percent.nullable(),
});
const prices = z.object({ currency: z.string().regex(/^[A-Z]{3}$/), prices: pricesSchema, validFrom: z.coerce.date().optional() });

export const usageRouter = router({
  costs: procedure("usage.read")
    .input(costs)
    .query(({ ctx, input }) => ctx.domain.views.usage.costs(ctx.actor, input)),
  slos: procedure("usage.read")
    .input(z.object({ templateName: name.optional() }))
    .query(({ ctx, input }) => ctx.domain.views.usage.slos(ctx.actor, input)),
  percentiles: procedure("usage.read")
    .input(percentiles)
    .query(({ ctx, input }) => ctx.domain.views.usage.percentiles(ctx.actor, input)),
  budgets: procedure("budgets.read").query(({ ctx }) => ctx.domain.views.usage.budgets(ctx.actor)),
  setBudget: procedure("budgets.set")
    .input(budget)
    .mutation(({ ctx, input }) => ctx.domain.usage.setBudget(ctx.actor, input)),
  removeBudget: procedure("budgets.set")
    .input(z.object({ id: z.uuid() }))
    .mutation(({ ctx, input }) => ctx.domain.usage.removeBudget(ctx.actor, input)),
  prices: procedure("prices.read").query(({ ctx }) => ctx.domain.views.usage.prices(ctx.actor)),
  setPrices: procedure("prices.set")
    .input(prices)
    .mutation(({ ctx, input }) => ctx.domain.usage.setPrices(ctx.actor, input)),
});
