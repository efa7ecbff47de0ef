/**
 * What hosts report of themselves, in numbered batches: each counts once, by (host, epoch, number), in the transaction of its figures.
 *
 * The host's clock is not asked. A batch says how long ago it ended by the host's steady clock; our own clock, less that and at most
 * {@link AGE_MS_MAX}, is its time: nothing is written into the future, nor further back than a host resends. A host claims no more slots
 * than it was admitted with, and costs only of attempts that it was given.
 */
import type { MetricsBatch } from "@agent-factory/protocol";
import type { Clock } from "../../platform/clock.ts";
import type { FastDatabase, FastTransaction } from "../../platform/fast-database.ts";
import type { HostActor } from "../actor.ts";
import { addHostHours, findLostRuns, findMeteredHost, type HostHour, type MeteredHost, markCounted } from "./batch-store.ts";
import { bookAt, DEFAULT_PRICES, hostMicros, type Prices } from "./price-book.ts";
import { bucketOf } from "./rollup.ts";
import { addToInbox, findPrices, type InboxRow } from "./usage-store.ts";

/** As long as a host keeps batches that nobody acknowledged. */
export const AGE_MS_MAX = 60 * 60_000;

export type Batches = {
  /** Counts what was not counted yet and answers every number it was given: the host need not keep them. */
  ingestBatch(host: HostActor, input: { epoch: string; batches: readonly MetricsBatch[] }): Promise<number[]>;
};

export function createBatches({ fastDatabase, clock }: { fastDatabase: FastDatabase; clock: Clock }): Batches {
  return {
    ingestBatch: async (host, { epoch, batches }) => {
      const now = clock.now();
      const seqs = batches.map(({ seq }) => seq);
      if (seqs.length === 0) return [];
      await fastDatabase.asSystem(async (tx) => {
        const fresh = await markCounted(tx, { hostId: host.id, epoch, seqs, receivedAt: now });
        // The same number twice in one frame is one batch.
        const counted = batches.filter(({ seq }) => fresh.delete(seq));
        const metered = counted.length === 0 ? null : await findMeteredHost(tx, host.id);
        if (metered) await count(tx, host, metered, counted, now);
      });
      return seqs;
    },
  };
}

async function count(
  tx: FastTransaction,
  host: HostActor,
  metered: MeteredHost,
  batches: readonly MetricsBatch[],
  now: Date,
): Promise<void> {
  const books = metered.tenantId === null ? null : (await findPrices(tx, [metered.tenantId])).get(metered.tenantId);
  const pricesAt = (at: Date): Prices => (books ? bookAt(books.books, at, books.currency).prices : DEFAULT_PRICES);
  const timed = batches.map((batch) => ({ batch, at: new Date(now.getTime() - Math.min(batch.ageMs, AGE_MS_MAX)) }));
  await addHostHours(
    tx,
    { id: host.id, tenantId: metered.tenantId },
    sumByHour(timed.map(({ batch, at }) => hourOf(batch, at, metered, pricesAt(at)))),
  );
  await addToInbox(tx, await lostOf(tx, host, timed));
}

function hourOf(batch: MetricsBatch, at: Date, { hostClass, slotsTotal }: MeteredHost, prices: Prices): HostHour {
  const slotMs = Math.round(Math.min(batch.slotMs, slotsTotal * batch.spanMs));
  const busySlotMs = Math.round(Math.min(batch.busySlotMs, slotMs));
  const cost = hostMicros(prices, { hostClass, spanMs: batch.spanMs, slotMs, busySlotMs });
  return { bucket: new Date(bucketOf(at.getTime(), 3_600)), slotMs, busySlotMs, ...cost, batchesDropped: batch.batchesDropped };
}

function sumByHour(hours: readonly HostHour[]): HostHour[] {
  const sums = new Map<number, HostHour>();
  for (const hour of hours) {
    const sum = sums.get(hour.bucket.getTime());
    sums.set(hour.bucket.getTime(), {
      bucket: hour.bucket,
      slotMs: hour.slotMs + (sum?.slotMs ?? 0),
      busySlotMs: hour.busySlotMs + (sum?.busySlotMs ?? 0),
      billMicros: hour.billMicros + (sum?.billMicros ?? 0),
      idleMicros: hour.idleMicros + (sum?.idleMicros ?? 0),
      batchesDropped: hour.batchesDropped + (sum?.batchesDropped ?? 0),
    });
  }
  return [...sums.values()];
}

/** Lost attempts take the way of all outcomes: the inbox. */
async function lostOf(tx: FastTransaction, host: HostActor, timed: readonly { batch: MetricsBatch; at: Date }[]): Promise<InboxRow[]> {
  const lost = timed.flatMap(({ batch, at }) => batch.lost.map((one) => ({ ...one, at })));
  if (lost.length === 0) return [];
  const runs = new Map((await findLostRuns(tx, host.id, lost)).map((run) => [`${run.runId} ${run.attempt}`, run]));
  return lost.flatMap(({ runId, attempt, at, durationMs, cpuMs, memoryBytesPeak }) => {
    const run = runs.get(`${runId} ${attempt}`);
    if (!run) return [];
    const { tenantId, templateId, versionId, channelId, limits } = run;
    const outcome = { templateId, versionId, channelId, hostId: host.id, state: "lost", durationMs, cpuMs, memoryBytesPeak, limits };
    return [{ tenantId, runId, attempt, at, outcome }];
  });
}
