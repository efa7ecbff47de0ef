/** Outcomes as `runs` says them, and what must come of them, counted the plain way. Imported by tests only. */
import { randomUUID } from "node:crypto";
import { createLogger } from "@agent-factory/process/logger";
import { manualClock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { openTestKernel } from "../../seed/test-kernel.ts";
import { createQuotas } from "../quotas/quotas.ts";
import { createUsage } from "./usage.ts";

export const NOON = new Date("2031-05-14T12:00:00Z");
export const silent = createLogger({ app: "test", level: "silent" });

export type Said = { tenantId: string; runId: string; attempt: number; at: Date; outcome: Record<string, unknown> };

export async function openTestUsage() {
  const kernel = await openTestKernel();
  const clock = manualClock(NOON);
  const quotas = createQuotas({ access: kernel.access, clock });
  const usage = createUsage({ access: kernel.access, quotas, fastDatabase: kernel.fastDatabase, clock, logger: silent });
  return {
    kernel,
    clock,
    quotas,
    usage,
    say: (rows: readonly Said[]) => kernel.fastDatabase.asSystem((tx) => say(tx, rows)),
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

export async function say(tx: FastTransaction, rows: readonly Said[]): Promise<void> {
  await tx.query(
    `insert into usage_inbox (tenant_id, run_id, attempt, at, outcome)
     select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::jsonb[])`,
    [
      rows.map(({ tenantId }) => tenantId),
      rows.map(({ runId }) => runId),
      rows.map(({ attempt }) => attempt),
      rows.map(({ at }) => at),
      rows.map(({ outcome }) => JSON.stringify(outcome)),
    ],
  );
}

export function saidOf(tenantId: string, change: Partial<Omit<Said, "outcome">> & { outcome?: Record<string, unknown> } = {}): Said {
  const at = change.at ?? NOON;
  return {
    tenantId,
    runId: change.runId ?? randomUUID(),
    attempt: change.attempt ?? 1,
    at,
    outcome: {
      templateId: "11111111-1111-4111-8111-111111111111",
      versionId: null,
      semver: null,
      channelId: null,
      hostId: null,
      state: "succeeded",
      errorKind: null,
      submittedAt: at.toISOString(),
      startedAt: at.toISOString(),
      finishedAt: at.toISOString(),
      durationMs: 1_000,
      waitMs: 20,
      cpuMs: 250,
      memoryBytesPeak: 64 << 20,
      limits: { cpuMillis: 500, memoryBytes: 128 << 20 },
      warm: true,
      handOutMs: 1,
      stickyHash: "42",
      judged: null,
      moved: false,
      kind: "run",
      ...change.outcome,
    },
  };
}

/** A database whose transactions end in a crash while `crashes` says so: everything was done, nothing is committed. */
export function crashing(fastDatabase: FastDatabase, crashes: () => boolean): FastDatabase {
  return {
    ...fastDatabase,
    asSystem: (work, options) =>
      fastDatabase.asSystem(async (tx) => {
        const result = await work(tx);
        if (crashes()) throw new Error("crash");
        return result;
      }, options),
  };
}
