import { z } from "zod";
import { operation, time } from "./route.ts";

export const usageOperations = [
  operation({
    id: "usage.costs",
    method: "GET",
    path: "/v1/usage/costs",
    summary: "What runs cost in a period, by one dimension; the rows add up to the total",
    action: "usage.read",
    query: z.object({
      from: time,
      to: time.describe("UTC, RFC 3339; not in the period any more."),
      by: z.enum(["template", "version", "channel", "day"]),
      basis: z.enum(["allocated", "used"]).default("allocated").describe("What was set aside for runs, or what they used of it."),
    }),
    reply: z.object({
      currency: z.string(),
      total: z.number().describe("Micros: millionths of the currency, to a thousandth."),
      rows: z.array(z.object({ key: z.string(), label: z.string().nullable(), amount: z.number(), runs: z.int() })),
    }),
    failures: ["usage.period-invalid"],
    run: (domain, caller, { query }) => domain.views.usage.costs(caller, query),
  }),
] as const;
