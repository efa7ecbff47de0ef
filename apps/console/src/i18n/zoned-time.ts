/** A date and time as typed, in the reader's zone, as an instant. Pure. */

/**
 * `2026-11-24T10:30` or with seconds, in the zone of that IANA name, as ISO 8601 in UTC; null for what is no time. A time that a
 * change of clocks skips or repeats becomes the earlier instant: for "not trusted since" that is the safe side.
 */
export function instantOf(local: string, timeZone: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(local)) return null;
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) return null;
  const candidates = [wall - offsetMs(wall - DAY_MS, timeZone), wall - offsetMs(wall + DAY_MS, timeZone)];
  const exact = candidates.filter((instant) => instant + offsetMs(instant, timeZone) === wall);
  return new Date(Math.min(...(exact.length > 0 ? exact : candidates))).toISOString();
}

const DAY_MS = 86_400_000;

/** How far the zone's clocks are ahead of UTC at an instant. */
function offsetMs(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(instant);
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value);
  const whole = instant - (((instant % 1000) + 1000) % 1000);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - whole;
}
