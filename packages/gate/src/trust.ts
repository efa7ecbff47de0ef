/**
 * Whom the gate believes. It comes from the registry over an authenticated connection; nothing in a bundle adds to it.
 *
 * Times are ISO 8601 in UTC, windows half-open: `[notBefore, notAfter)`, without end when `notAfter` is null.
 */
export type TrustedKey = {
  /** Base64 of the SHA-256 of the key's SPKI. */
  readonly hint: string;
  readonly tenantId: string;
  /** Base64 of the DER. */
  readonly spki: string;
  readonly notBefore: string;
  readonly notAfter: string | null;
  /** What was signed from then on is refused, whatever the window says: the key may be in other hands. */
  readonly distrustedFrom: string | null;
};

/** One tree of a log. A log that opened a new tree under the same key has two of these, told apart by their origins. */
export type TrustedLog = {
  /** Hex of the SHA-256 of the key's SPKI. */
  readonly logId: string;
  /** The first line of the tree's checkpoints: `<host> - <tree id>`. */
  readonly origin: string;
  readonly spki: string;
  readonly notBefore: string;
  readonly notAfter: string | null;
};

export type Trust = {
  readonly keys: readonly TrustedKey[];
  readonly logs: readonly TrustedLog[];
  /** Digests (`sha256:…`) of versions that must not run any more. */
  readonly revoked: readonly string[];
};

/**
 * Whether a log's time is in the window. The log counts whole seconds and rounds down, so the bounds are rounded down as well: a key
 * may sign in the second of its birth, and not in the second of its end.
 */
export function within(timeSeconds: number, notBefore: string, notAfter: string | null): boolean {
  return secondsOf(notBefore) <= timeSeconds && (notAfter === null || timeSeconds < secondsOf(notAfter));
}

/** @throws RangeError for what is not a time: a window with an unreadable bound holds for nothing. */
export function secondsOf(time: string): number {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`${time} is not a time`);
  return Math.floor(ms / 1000);
}
