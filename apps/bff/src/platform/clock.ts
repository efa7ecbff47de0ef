/** The only source of "now" for rules; timestamps of rows come from the database. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };

/** A clock that moves when told, for tests and scenarios. */
export function manualClock(start: Date): Clock & { advance(byMs: number): void; set(to: Date): void } {
  let current = start.getTime();
  return {
    now: () => new Date(current),
    advance: (byMs) => {
      current += byMs;
    },
    set: (to) => {
      current = to.getTime();
    },
  };
}
