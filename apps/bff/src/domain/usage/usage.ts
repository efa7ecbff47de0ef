/**
 * What runs did and cost: counted once, kept as outcomes and as roll-ups, read by everybody from the same figures (a verdict of a canary,
 * a budget's warning and a chart). Outcomes come from `runs` through its inbox, resources of lost attempts and of whole hosts from the
 * hosts' numbered batches (docs/decisions/0010).
 */
import type { Logger } from "@agent-factory/process/logger";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { Access } from "../access/access.ts";
import type { SystemActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import type { Quotas } from "../quotas/quotas.ts";
import { type Batches, createBatches } from "./batches.ts";
import { type Budgets, createBudgets } from "./budgets.ts";
import { createIngester, INGEST_BATCH_MAX } from "./ingest.ts";
import { forgetUsage } from "./retention-store.ts";
import { type CohortCount, ensurePartitions, listCohortCounts } from "./usage-store.ts";

export type { CohortCount };
export { INGEST_BATCH_MAX };

export type Usage = Budgets &
  Batches & {
    /** Counts what the inbox holds, up to {@link INGEST_BATCH_MAX}; answers how many rows left it. */
    ingest(loop: SystemActor): Promise<number>;
    /**
     * Counts a tenant's roll-ups of whole UTC days `[from, to)` anew from its outcomes; answers how many outcomes that were. Counting
     * waits meanwhile. Failures: `usage.not-whole-days` (invalid), `usage.outcomes-gone` with the oldest day that can be.
     */
    rebuild(loop: SystemActor, input: { tenantId: string; from: Date; to: Date }): Promise<number>;
    /** Units of a rollout by step, cohort and metric, for its analysis. */
    counts(tx: FastTransaction, rolloutId: string): Promise<CohortCount[]>;
    /** Forgets what is kept long enough, a part at a time, and makes partitions ahead; answers how many rows and partitions that were. */
    retention(loop: SystemActor): Promise<number>;
  };

export type UsageParts = {
  readonly access: Access;
  readonly quotas: Pick<Quotas, "hold" | "releaseOf">;
  readonly fastDatabase: FastDatabase;
  readonly clock: Clock;
  readonly logger: Logger;
};

const DAY_MS = 86_400_000;
const PARTITIONS_AHEAD_MS = 35 * DAY_MS;

export function createUsage({ access, quotas, fastDatabase, clock, logger }: UsageParts): Usage {
  const ingester = createIngester({ fastDatabase, logger });
  return {
    ...createBudgets({ access, fastDatabase, quotas, clock }),
    ...createBatches({ fastDatabase, clock }),
    ingest: () => ingester.ingest(),
    rebuild: async (_loop, input) => {
      for (const moment of [input.from, input.to]) {
        if (moment.getTime() % DAY_MS !== 0)
          throw new Failure("invalid", "usage.not-whole-days", "Roll-ups are rebuilt for whole days, UTC", {
            moment: moment.toISOString(),
          });
      }
      return ingester.rebuild(input);
    },
    counts: listCohortCounts,
    retention: () =>
      fastDatabase.asSystem(async (tx) => {
        const now = clock.now();
        const made = await ensurePartitions(tx, [new Date(now.getTime() + PARTITIONS_AHEAD_MS)]);
        return made + (await forgetUsage(tx, now));
      }),
  };
}
