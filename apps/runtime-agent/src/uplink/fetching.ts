/**
 * Bytes by their digest, told apart by what is wrong when they do not come: a network fault is worth more patience, a refusal is an
 * answer, and damage is damage once it came twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import { BLOB_CORRUPT, type Digest, type Hold } from "@agent-factory/protocol";
import { ANSWER_TOO_LARGE, DigestMismatch, type GatewayRequests, RequestRefused } from "./gateway-requests.ts";

/** A gateway that restarts is back within this time; the lease outlives it when it is. */
export const NETWORK_PATIENCE_MS = 30_000;

/** What came, twice, was not what the digest names, or the registry said that it has only damage or nothing under it. */
export class DamagedBytes extends Error {
  override readonly name = "DamagedBytes";
  readonly digest: Digest;
  constructor(digest: Digest, message: string, options?: ErrorOptions) {
    super(message, options);
    this.digest = digest;
  }
}

/** Tries again while the gateway cannot be reached; a refusal and wrong bytes are answers. */
export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal, patienceMs = NETWORK_PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 3000)) {
    try {
      return await work();
    } catch (error) {
      const final = error instanceof RequestRefused || error instanceof DigestMismatch;
      if (final || signal?.aborted || performance.now() > deadline) throw error;
      await delay(waitMs * (0.5 + Math.random()), undefined, signal ? { signal } : {});
    }
  }
}

/** Stops waiting when the signal says so; the work goes on for others who wait for it. @throws the signal's reason. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", stop));
}

/** @throws DamagedBytes, RequestRefused (the lease is gone), or a network error. */
export async function fetchSound(
  requests: Pick<GatewayRequests, "getBlob">,
  wanted: { readonly hold: Hold; readonly digest: Digest; readonly bytesMax: number },
  signal?: AbortSignal,
): Promise<Buffer> {
  const { hold, digest, bytesMax } = wanted;
  const once = () => patiently(() => requests.getBlob(hold, digest, bytesMax), signal);
  try {
    return await once();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  try {
    return await once();
  } catch (error) {
    throw isDamage(error) ? new DamagedBytes(digest, (error as Error).message, { cause: error }) : error;
  }
}

function isDamage(error: unknown): boolean {
  if (error instanceof DigestMismatch) return true;
  return error instanceof RequestRefused && ([BLOB_CORRUPT, ANSWER_TOO_LARGE].includes(error.code) || error.status === 404);
}
