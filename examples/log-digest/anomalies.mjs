/** What stands out in grouped log lines: groups that are new, groups that are rare, minutes in which a group bursts. */

const MINUTE_MS = 60_000;
/** Below this many lines every group is rare and the newest are just the last. */
const LINES_MIN = 50;
const BURST_COUNT_MIN = 10;
/** Chance, over all groups and minutes together, of calling an ordinary fluctuation a burst. */
const FALSE_ALARM = 0.001;

/**
 * @typedef {object} Seen  one group and where it was seen
 * @property {number} id
 * @property {number} count
 * @property {number} firstLine
 * @property {ReadonlyMap<number, number>} perMinute  minutes since the epoch to lines
 */

/** Groups first seen in the last tenth of the lines: something began. @param {readonly Seen[]} groups @param {number} lines */
export function findNew(groups, lines) {
  if (lines < LINES_MIN) return [];
  return groups
    .filter(({ firstLine }) => firstLine > lines * 0.9)
    .map(({ id, firstLine, count }) => ({ kind: "new", cluster: id, line: firstLine, count }));
}

/** Groups with at most one line in a thousand (at least one line). @param {readonly Seen[]} groups @param {number} lines */
export function findRare(groups, lines) {
  if (lines < LINES_MIN) return [];
  const most = Math.max(1, Math.floor(lines / 1000));
  return groups
    .filter(({ count }) => count <= most)
    .map(({ id, firstLine, count }) => ({ kind: "rare", cluster: id, line: firstLine, count }));
}

/**
 * Minutes in which a group has far more lines than its other minutes let expect: the Poisson tail at its rate in those other
 * minutes lies below {@link FALSE_ALARM} divided by the number of comparisons (Bonferroni). A group that is silent elsewhere
 * is judged against one line over the whole time.
 * @param {readonly Seen[]} groups @param {number} minutes  length of the log, in minutes
 */
export function findBursts(groups, minutes) {
  if (minutes < 3) return [];
  const candidates = groups.flatMap(({ id, count, perMinute }) =>
    [...perMinute].map(([minute, lines]) => ({ id, minute, lines, rate: Math.max(1, count - lines) / (minutes - 1) })),
  );
  return candidates
    .filter(({ lines, rate }) => lines >= BURST_COUNT_MIN && poissonTail(lines, rate) < FALSE_ALARM / candidates.length)
    .sort((a, b) => b.lines / b.rate - a.lines / a.rate)
    .map(({ id, minute, lines, rate }) => ({
      kind: "burst",
      cluster: id,
      minute: new Date(minute * MINUTE_MS).toISOString(),
      count: lines,
      expected: Math.round(rate * 100) / 100,
    }));
}

/** P(X >= count) for a Poisson variable of this mean, summed in logarithms so that nothing underflows early. */
export function poissonTail(count, mean) {
  if (count <= mean) return 1;
  let logTerm = -mean + count * Math.log(mean) - logFactorial(count);
  let sum = 0;
  for (let k = count; ; k++) {
    const term = Math.exp(logTerm);
    sum += term;
    if (term <= sum * 1e-12) return Math.min(1, sum);
    logTerm += Math.log(mean) - Math.log(k + 1);
  }
}

function logFactorial(n) {
  let sum = 0;
  for (let k = 2; k <= n; k++) sum += Math.log(k);
  return sum;
}
