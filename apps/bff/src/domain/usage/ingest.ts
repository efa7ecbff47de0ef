/**
 * From what was said to what is counted, in one transaction: rows leave the inbox, outcomes are kept, roll-ups and cohorts grow, or
 * nothing of it happened. Idempotent by (run, attempt, end): what was counted already changes nothing. Several may ingest at once.
 */
import { parseManifest } from "@agent-factory/manifest";
import { parseDuration } from "@agent-factory/manifest/units";
import type { Logger } from "@agent-factory/process/logger";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import { Failure } from "../failure.ts";
import { type Outcome, outcomeOf, outcomeSchema } from "./outcome.ts";
import { bookAt, DEFAULT_PRICES } from "./price-book.ts";
import { rollUp } from "./rollup.ts";
import {
  addCohorts,
  addRollups,
  clearRollups,
  ensurePartitions,
  findOldestKept,
  findPrices,
  findSources,
  type InboxRow,
  insertOutcomes,
  joinCounting,
  pageOutcomes,
  stopCounting,
  takeInbox,
} from "./usage-store.ts";

export const INGEST_BATCH_MAX = 2_000;
const VERSIONS_KNOWN_MAX = 10_000;
const REBUILD_PAGE = 5_000;

export type Ingester = {
  /** Counts up to a batch; answers how many rows left the inbox. */
  ingest(limit?: number): Promise<number>;
  /**
   * Counts a tenant's roll-ups of whole UTC days `[from, to)` anew from its outcomes; answers how many outcomes that were.
   * Failures: `usage.outcomes-gone` with the oldest day that can be.
   */
  rebuild(input: { tenantId: string; from: Date; to: Date }): Promise<number>;
};

export function createIngester({ fastDatabase, logger }: { fastDatabase: FastDatabase; logger: Logger }): Ingester {
  const partitions = new Set<string>();
  /** What a version promises never changes, so it is read once. */
  const latencies = new Map<string, number | null>();

  const latenciesOf = async (tx: FastTransaction, versionIds: ReadonlySet<string>) => {
    const unknown = [...versionIds].filter((id) => !latencies.has(id));
    if (latencies.size + unknown.length > VERSIONS_KNOWN_MAX) latencies.clear();
    if (unknown.length > 0) {
      const sources = await findSources(
        tx,
        [...versionIds].filter((id) => !latencies.has(id)),
      );
      for (const [id, source] of sources) latencies.set(id, latencyOf(source));
    }
    return (id: string | null) => (id === null ? null : (latencies.get(id) ?? null));
  };

  const read = async (tx: FastTransaction, rows: readonly InboxRow[]): Promise<Outcome[]> => {
    const said = rows.flatMap((row) => {
      const parsed = outcomeSchema.safeParse(row.outcome);
      if (parsed.success) return [{ row, outcome: parsed.data }];
      // It would be refused for ever, and all behind it with it.
      logger.error(
        { runId: row.runId, attempt: row.attempt, issues: parsed.error.issues },
        "an outcome is of no known shape: it is not counted",
      );
      return [];
    });
    const tenants = await findPrices(tx, [...new Set(said.map(({ row }) => row.tenantId))]);
    const latency = await latenciesOf(tx, new Set(said.flatMap(({ outcome }) => outcome.versionId ?? [])));
    return said.map(({ row, outcome }) => {
      const known = tenants.get(row.tenantId);
      const prices = known ? bookAt(known.books, row.at, known.currency).prices : DEFAULT_PRICES;
      const { tenantId, runId, attempt, at } = row;
      return outcomeOf({ tenantId, runId, attempt, at }, outcome, { prices, latencyMs: latency(outcome.versionId) });
    });
  };

  const count = async (tx: FastTransaction, limit: number): Promise<number> => {
    await joinCounting(tx);
    const rows = await takeInbox(tx, limit);
    if (rows.length === 0) return 0;
    const outcomes = await read(tx, rows);
    const months = new Map(outcomes.map(({ at }) => [at.toISOString().slice(0, "2026-11".length), at]));
    const missing = [...months].filter(([month]) => !partitions.has(month));
    if (missing.length > 0) {
      await ensurePartitions(
        tx,
        missing.map(([, at]) => at),
      );
    }
    const ended = await insertOutcomes(
      tx,
      outcomes.filter(({ state }) => state !== "lost"),
    );
    const lost = await insertOutcomes(
      tx,
      outcomes.filter(({ state }) => state === "lost"),
      { unlessCharged: true },
    );
    const fresh = [...ended, ...lost];
    await addRollups(tx, rollUp(fresh));
    await addCohorts(tx, fresh);
    for (const [month] of missing) partitions.add(month);
    return rows.length;
  };

  return {
    ingest: (limit = INGEST_BATCH_MAX) =>
      fastDatabase
        .asSystem((tx) => count(tx, limit))
        .catch((error: unknown) => {
          // A partition that we knew may have been dropped, or its making rolled back: the next turn asks again.
          partitions.clear();
          throw error;
        }),
    rebuild: ({ tenantId, from, to }) =>
      fastDatabase.asSystem(async (tx) => {
        await stopCounting(tx);
        await requireKept(tx, from);
        await clearRollups(tx, { tenantId, from, to });
        let [counted, after]: [number, Outcome | null] = [0, null];
        for (;;) {
          const page: Outcome[] = await pageOutcomes(tx, { tenantId, from, to, after, limit: REBUILD_PAGE });
          await addRollups(tx, rollUp(page));
          counted += page.length;
          after = page.at(-1) ?? null;
          if (page.length < REBUILD_PAGE) return counted;
        }
      }),
  };
}

/** Roll-ups of days are kept for ever, outcomes are not: what they came from may be gone, and they with it if they were cleared. */
async function requireKept(tx: FastTransaction, from: Date): Promise<void> {
  const oldest = await findOldestKept(tx);
  if (oldest !== null && from >= oldest) return;
  throw new Failure(
    "conflict",
    "usage.outcomes-gone",
    "The outcomes of these days are not kept any more: their roll-ups stay as they are",
    {
      oldest: oldest?.toISOString() ?? null,
    },
  );
}

function latencyOf(source: string): number | null {
  const text = parseManifest(source).manifest?.spec.slo?.latencyP95;
  return text === undefined ? null : parseDuration(text);
}
