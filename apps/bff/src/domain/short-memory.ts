/**
 * What was read lately, kept for moments: believed at most so long, and forgotten at once by every process when the doorbell rings.
 * When nobody can ring only the time is left, so `staleMs` is what a reader must be able to bear.
 */
export type ShortMemory<T> = {
  /** What is remembered under the key, or what `read` finds. What it does not find (null) is asked for again the next time. */
  get(key: string, read: () => Promise<T | null>): Promise<T | null>;
  /** Everything, here and at once: for whoever changed what was read. */
  forget(): void;
};

export type ShortMemoryParts = {
  /** Calls the listener whenever what is remembered may have changed. */
  readonly hear: (listener: () => void) => unknown;
  readonly now: () => Date;
  readonly staleMs: number;
};

const REMEMBERED_MAX = 10_000;

export function createShortMemory<T>({ hear, now: moment, staleMs }: ShortMemoryParts): ShortMemory<T> {
  const remembered = new Map<string, { readonly value: T; readonly until: number }>();
  // A ring while a read is under way outdates the read too.
  let rings = 0;
  const forget = () => {
    rings += 1;
    remembered.clear();
  };
  hear(forget);
  return {
    get: async (key, read) => {
      const now = moment().getTime();
      const there = remembered.get(key);
      // A clock that was set back makes nothing younger.
      if (there && there.until > now && there.until - staleMs <= now) return there.value;
      const before = rings;
      const value = await read();
      if (value === null) return null;
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      // From before the read: it may have been true no longer than that.
      if (rings === before) remembered.set(key, { value, until: now + staleMs });
      return value;
    },
    forget,
  };
}
