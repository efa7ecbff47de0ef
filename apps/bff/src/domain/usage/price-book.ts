/**
 * What resources cost, pure. A price book is dated and never changes: from its moment on it is in force, until the next one is.
 *
 * A cost is computed once, when an attempt is counted, with the book that was in force when the attempt ended, and rounded once, half up,
 * to a whole nano (a thousandth of a micro) of the currency: a run of a few milliseconds costs less than a micro, and there are many. From
 * there on costs are only added: so they add up exactly, however they are grouped.
 */
import { z } from "zod";

/** Micros of the currency; up to six decimals, since a CPU-second costs a few micros. */
const price = z.number().min(0).max(1e9);
const byName = z.record(z.string().min(1).max(63), price).refine((prices) => Object.keys(prices).length <= 100, "at most 100 prices");

export const pricesSchema = z.object({
  cpuSecond: price,
  memoryGibSecond: price,
  /** By class of GPU; nothing uses one yet. */
  gpuSecond: byName.default({}),
  /** By model, a million tokens. */
  tokens: z.record(z.string().min(1).max(63), z.object({ in: price, out: price })).default({}),
  /** By class of host (its label `class`); `default` for all others. What a host costs for an hour, busy or not. */
  hostHour: byName.default({}),
});

export type Prices = z.infer<typeof pricesSchema>;

export type PriceBook = { readonly revision: number; readonly currency: string; readonly prices: Prices; readonly validFrom: Date };

/**
 * In force for tenants that set no prices, as revision 0: about what a public cloud takes for containers (0.0405 an hour and core,
 * 0.0044 an hour and GiB), and for an hour of a small machine.
 */
export const DEFAULT_PRICES: Prices = {
  cpuSecond: 11.25,
  memoryGibSecond: 1.235,
  gpuSecond: {},
  tokens: {},
  hostHour: { default: 100_000 },
};

/** The book in force at `at`: the one that began last, of two that began together the later revision; the default book before all. */
export function bookAt(books: readonly PriceBook[], at: Date, currency: string): PriceBook {
  let best: PriceBook | null = null;
  for (const book of books) {
    if (book.validFrom > at) continue;
    const later = best === null || book.validFrom > best.validFrom;
    if (later || (best !== null && book.validFrom.getTime() === best.validFrom.getTime() && book.revision > best.revision)) best = book;
  }
  return best ?? { revision: 0, currency, prices: DEFAULT_PRICES, validFrom: new Date(0) };
}

const GIB = 1n << 30n;
const PRICE_SCALE = 1_000_000;
const NANOS_A_MICRO = 1_000n;
/** Of core-millis x microseconds x scaled price, and of bytes x microseconds x scaled price. */
const CPU_UNIT = 1_000n * 1_000_000n * BigInt(PRICE_SCALE);
const MEMORY_UNIT = GIB * 1_000_000n * BigInt(PRICE_SCALE);

/** Nanos for what an attempt reserved: its limits for as long as it ran. */
export function allocatedNanos(prices: Prices, { durationMs, cpuMillis, memoryBytes }: Reserved): number {
  const us = micros(durationMs);
  return rounded(
    BigInt(whole(cpuMillis)) * us * scaled(prices.cpuSecond),
    BigInt(whole(memoryBytes)) * us * scaled(prices.memoryGibSecond),
  );
}

export type Reserved = { readonly durationMs: number; readonly cpuMillis: number; readonly memoryBytes: number };

/** Nanos for what it used: the kernel's CPU time, and the most memory it held for as long as it ran. */
export function usedNanos(prices: Prices, used: { durationMs: number; cpuMs: number; memoryBytesPeak: number }): number {
  const cpu = micros(used.cpuMs) * 1_000n * scaled(prices.cpuSecond);
  return rounded(cpu, BigInt(whole(used.memoryBytesPeak)) * micros(used.durationMs) * scaled(prices.memoryGibSecond));
}

/** Micros for a host for so long, and for the part of it that nobody occupied. */
export function hostMicros(
  prices: Prices,
  host: { readonly hostClass: string; readonly spanMs: number; readonly slotMs: number; readonly busySlotMs: number },
): { billMicros: number; idleMicros: number } {
  const hourly = Object.hasOwn(prices.hostHour, host.hostClass) ? prices.hostHour[host.hostClass] : prices.hostHour["default"];
  const billMicros = Math.round(((hourly ?? 0) * host.spanMs) / 3_600_000);
  const idleMicros = host.slotMs <= 0 ? 0 : Math.round((billMicros * Math.max(0, host.slotMs - host.busySlotMs)) / host.slotMs);
  return { billMicros, idleMicros };
}

/** Both parts on one denominator, rounded once: nanos. */
function rounded(cpu: bigint, memory: bigint): number {
  const unit = CPU_UNIT * GIB;
  const numerator = NANOS_A_MICRO * (cpu * GIB + memory * (unit / MEMORY_UNIT));
  return Number((2n * numerator + unit) / (2n * unit));
}

function scaled(price: number): bigint {
  return BigInt(Math.round(price * PRICE_SCALE));
}

function micros(ms: number): bigint {
  return BigInt(whole(ms * 1_000));
}

function whole(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
