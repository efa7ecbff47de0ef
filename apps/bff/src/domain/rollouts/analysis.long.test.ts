import fc from "fast-check";
import { expect, test } from "vitest";
import { type Analysis, analyse, analyseAlone, type Level, type Test, THETA_MAX, THETA_MIN } from "./analysis.ts";

const TEST: Test = { alpha: 0.05, tolerance: 1, margin: 1.5, floor: null };
const STRICT: Test = { ...TEST, alpha: 0.01 / 12 };

/** Mulberry32: small, seeded, good enough to draw whose a bad unit is. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A level by its bad units, with as many samples as the weight says. */
const level = (weight: number, canaryBad: number, baselineBad: number, samples = 1000): Level => ({
  weight,
  canary: { samples: Math.max(canaryBad, Math.round(samples * weight)), bad: canaryBad },
  baseline: { samples: Math.max(baselineBad, Math.round(samples * (1 - weight))), bad: baselineBad },
});

const levels = fc
  .tuple(fc.integer({ min: 1, max: 99 }), fc.nat(300), fc.nat(300), fc.nat(100_000))
  .map(([percent, canaryBad, baselineBad, samples]) => level(percent / 100, canaryBad, baselineBad, samples));

/** The chance that the next bad unit is the canary's. */
const shareOf = (weight: number, theta: number): number => (weight * theta) / (weight * theta + 1 - weight);

/** So many of `n` can happen with probability alpha each: the bound is passed once in some ten thousand seeds. */
const atMost = (n: number, alpha: number): number => n * alpha + 3.7 * Math.sqrt(n * alpha * (1 - alpha));

/** The same counts come again and again in a simulation. */
function remembered<T>(judge: (canary: number, other: number) => T): (canary: number, other: number) => T {
  const known = new Map<number, T>();
  return (canary, other) => {
    const key = canary * 100_000 + other;
    const found = known.get(key) ?? judge(canary, other);
    known.set(key, found);
    return found;
  };
}

/** Streams of bad units in which `holds` fails at any look. */
function streamsThatFail(streams: number, units: number, share: number, seed: number, holds: (canary: number, other: number) => boolean) {
  const random = createRandom(seed);
  let failing = 0;
  for (let stream = 0; stream < streams; stream += 1) {
    let canary = 0;
    let failed = false;
    for (let unit = 1; unit <= units && !failed; unit += 1) {
      if (random() < share) canary += 1;
      failed = !holds(canary, unit - canary);
    }
    if (failed) failing += 1;
  }
  return failing;
}

test("no data is unknown, and so is a canary that had no runs", () => {
  const nothing = analyse([], TEST);
  expect(nothing).toEqual({
    verdict: "unknown",
    logE: 0,
    interval: { lower: THETA_MIN, upper: THETA_MAX },
    ratios: { baseline: null, canary: null },
    samplesNeeded: null,
  });
  expect(analyse([{ weight: 0.1, baseline: { samples: 50_000, bad: 2500 }, canary: { samples: 0, bad: 0 } }], TEST).verdict).toBe(
    "unknown",
  );
  expect(analyseAlone({ samples: 0, bad: 0 }, { alpha: 0.05, target: 0.05 })).toMatchObject({ verdict: "unknown", samplesNeeded: null });
});

test("a canary whose runs do not end is not healthy, however few of them are bad", () => {
  const hanging: Level = { weight: 0.1, baseline: { samples: 45_000, bad: 2250 }, canary: { samples: 500, bad: 25 } };
  expect(analyse([hanging], TEST)).toMatchObject({ verdict: "unknown", samplesNeeded: null });
  expect(analyse([hanging], TEST).interval.upper).toBeLessThan(0.2);
  expect(analyse([level(0.1, 250, 2250, 50_000)], TEST).verdict).toBe("healthy");
});

test("worse is breached, alike is healthy, few is unknown", () => {
  expect(analyse([level(0.1, 20, 45)], STRICT).verdict).toBe("breached");
  expect(analyse([level(0.1, 500, 4500, 100_000)], STRICT).verdict).toBe("healthy");
  expect(analyse([level(0.1, 5, 45)], STRICT).verdict).toBe("unknown");
});

test("a bad ratio surely below the floor is healthy, whatever the baseline does", () => {
  const counts = [level(0.5, 12, 0, 20_000)];
  expect(analyse(counts, TEST).verdict).toBe("breached");
  expect(analyse(counts, { ...TEST, floor: 0.01 }).verdict).toBe("healthy");
  expect(analyse([level(0.5, 0, 0, 4000)], { ...TEST, floor: 0.01 }).verdict).toBe("healthy");
  expect(analyse([level(0.5, 0, 0, 4000)], TEST).verdict).toBe("unknown");
});

test("while one cohort has every key there is nothing to compare", () => {
  const alone = level(0.1, 20, 45);
  const everything: Level = { weight: 1, baseline: { samples: 0, bad: 0 }, canary: { samples: 500, bad: 400 } };
  expect(analyse([everything], TEST)).toMatchObject({ verdict: "unknown", logE: 0 });
  expect(analyse([alone, everything], TEST).logE).toBe(analyse([alone], TEST).logE);
});

test("one more bad unit of the canary never lowers the evidence, one of the baseline never raises it", () => {
  const tolerance = fc.constantFrom(0.8, 1, 1.2);
  fc.assert(
    fc.property(fc.array(levels, { minLength: 1, maxLength: 3 }), tolerance, fc.nat(2), (before, tolerance, at) => {
      const test = { ...TEST, tolerance };
      const more = (cohort: "baseline" | "canary") =>
        before.map((one, i) => (i === at % before.length ? { ...one, [cohort]: { ...one[cohort], bad: one[cohort].bad + 1 } } : one));
      const { logE } = analyse(before, test);
      const slack = 1e-9 * (1 + Math.abs(logE));
      expect(analyse(more("canary"), test).logE).toBeGreaterThanOrEqual(logE - slack);
      expect(analyse(more("baseline"), test).logE).toBeLessThanOrEqual(logE + slack);
    }),
    { numRuns: 300 },
  );
});

test("the order of the levels and how the counts of one weight are split do not matter", () => {
  fc.assert(
    fc.property(fc.uniqueArray(levels, { minLength: 1, maxLength: 3, selector: ({ weight }) => weight }), (whole) => {
      const halves = whole.flatMap((one) => {
        const half = (n: number) => Math.floor(n / 2);
        const part = (of: (n: number) => number): Level => ({
          weight: one.weight,
          baseline: { samples: of(one.baseline.samples), bad: of(one.baseline.bad) },
          canary: { samples: of(one.canary.samples), bad: of(one.canary.bad) },
        });
        return [part(half), part((n) => n - half(n))];
      });
      const { samplesNeeded: _, ...expected } = analyse(whole, TEST);
      expect(analyse(whole.toReversed(), TEST)).toMatchObject(expected);
      expect(analyse(halves.toReversed(), TEST)).toMatchObject(expected);
      expect(analyse(halves, TEST)).toEqual(analyse(whole, TEST));
    }),
    { numRuns: 200 },
  );
});

test("exchanging the cohorts at one half turns the interval round", () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(500), (a, b) => {
      const one = analyse([level(0.5, a, b, 2000)], TEST).interval;
      const other = analyse([level(0.5, b, a, 2000)], TEST).interval;
      expect(Math.log(one.lower)).toBeCloseTo(-Math.log(other.upper), 6);
      expect(Math.log(one.upper)).toBeCloseTo(-Math.log(other.lower), 6);
    }),
    { numRuns: 200 },
  );
});

test("the interval holds the most likely ratio, and counts of any size give finite figures", () => {
  const size = fc.constantFrom(0, 1, 30, 10_000, 10_000_000, 2 ** 40);
  fc.assert(
    fc.property(fc.constantFrom(0.0001, 0.1, 0.5, 0.9999), size, size, (weight, canaryBad, baselineBad) => {
      const { logE, interval } = analyse([level(weight, canaryBad, baselineBad, 2 ** 42)], { ...TEST, floor: 0.01 });
      expect(Number.isFinite(logE)).toBe(true);
      const likely = (canaryBad / baselineBad) * ((1 - weight) / weight);
      if (likely > THETA_MIN && likely < THETA_MAX) {
        expect(interval.lower).toBeLessThanOrEqual(likely * 1.000001);
        expect(interval.upper).toBeGreaterThanOrEqual(likely * 0.999999);
      }
    }),
  );
});

test("looked at after every bad unit, an equal canary is called breached at most alpha of the time", () => {
  for (const weight of [0.1, 0.5]) {
    for (const [tolerance, theta] of [
      [1, 1],
      [1.2, 1.2],
      [1.2, 1],
    ] as const) {
      const calm = remembered((canary, other) => analyse([level(weight, canary, other)], { ...TEST, tolerance }).verdict !== "breached");
      expect(streamsThatFail(1500, 150, shareOf(weight, theta), 11, calm)).toBeLessThanOrEqual(atMost(1500, TEST.alpha));
    }
  }
}, 30_000);

test("looked at after every bad unit, the interval holds the true ratio at all looks with probability 1 - alpha", () => {
  for (const weight of [0.1, 0.5]) {
    for (const theta of [0.5, 1, 3]) {
      const intervalOf = remembered((canary, other) => analyse([level(weight, canary, other)], TEST).interval);
      const holds = (canary: number, other: number) => {
        const { lower, upper } = intervalOf(canary, other);
        return lower <= theta && theta <= upper;
      };
      expect(streamsThatFail(1000, 120, shareOf(weight, theta), 12, holds)).toBeLessThanOrEqual(atMost(1000, TEST.alpha));
    }
  }
}, 30_000);

test("both hold over two weight levels, when no key is bad in both", () => {
  const random = createRandom(13);
  let alarms = 0;
  let misses = 0;
  for (let stream = 0; stream < 400; stream += 1) {
    let [early, late] = [0, 0];
    let alarm = false;
    let miss = false;
    for (let unit = 1; unit <= 120; unit += 1) {
      const first = Math.min(unit, 60);
      if (unit > first) late += random() < 0.5 ? 1 : 0;
      else early += random() < 0.1 ? 1 : 0;
      if (unit % 4 > 0) continue;
      const { verdict, interval } = analyse([level(0.1, early, first - early), level(0.5, late, unit - first - late)], TEST);
      alarm ||= verdict === "breached";
      miss ||= interval.lower > 1 || interval.upper < 1;
    }
    if (alarm) alarms += 1;
    if (miss) misses += 1;
  }
  expect(alarms).toBeLessThanOrEqual(atMost(400, TEST.alpha));
  expect(misses).toBeLessThanOrEqual(atMost(400, TEST.alpha));
}, 30_000);

/** Total runs until breached: errors of `baseline` against `canary`, looked at whenever the canary fails. Infinity: not within `most`. */
function runsUntilBreached(
  random: () => number,
  baseline: number,
  canary: number,
  most: number,
  judge: (c: number, o: number) => Analysis,
) {
  let [mine, other] = [0, 0];
  for (let runs = 1; runs <= most; runs += 1) {
    if (random() < 0.1) {
      if (random() >= canary) continue;
      mine += 1;
      if (judge(mine, other).verdict === "breached") return runs;
    } else if (random() < baseline) other += 1;
  }
  return Number.POSITIVE_INFINITY;
}

test("errors that rise from 5 % to 20 % are found within a thousand runs at weight 10 %, every time within 5,000", () => {
  const random = createRandom(14);
  const judge = remembered((mine, other) => analyse([level(0.1, mine, other)], STRICT));
  const runs = Array.from({ length: 200 }, () => runsUntilBreached(random, 0.05, 0.2, 5000, judge)).toSorted((a, b) => a - b);
  expect(runs[100]).toBeLessThan(1000);
  expect(runs.at(-1)).toBeLessThan(5000);
}, 30_000);

test("a first version at its target is called breached at most alpha of the time; three times worse is found, much better is healthy", () => {
  const ruled = { alpha: 0.05, target: 0.05 };
  const calm = remembered((bad, good) => analyseAlone({ samples: bad + good, bad }, ruled).verdict !== "breached");
  expect(streamsThatFail(400, 400, 0.05, 15, calm)).toBeLessThanOrEqual(atMost(400, 0.05));
  expect(streamsThatFail(400, 400, 0.03, 16, calm)).toBeLessThanOrEqual(atMost(400, 0.05));
  expect(streamsThatFail(100, 400, 0.15, 17, calm)).toBeGreaterThan(95);
  expect(analyseAlone({ samples: 1000, bad: 10 }, ruled)).toMatchObject({ verdict: "healthy", samplesNeeded: 0 });
  expect(analyseAlone({ samples: 100, bad: 5 }, ruled)).toMatchObject({ verdict: "unknown", ratios: { baseline: null, canary: 0.05 } });
}, 30_000);

test("the samples needed are an estimate: right within a factor of two when the counts grow as they did", () => {
  const present = level(0.1, 12, 45);
  const { verdict, samplesNeeded } = analyse([present], STRICT);
  expect(verdict).toBe("unknown");
  const grown = (further: number) => {
    const factor = 1 + further / 1000;
    return analyse([level(0.1, Math.round(12 * factor), Math.round(45 * factor), Math.round(1000 * factor))], STRICT).verdict;
  };
  expect(grown((samplesNeeded ?? 0) * 2)).toBe("breached");
  expect(grown((samplesNeeded ?? 0) / 2)).toBe("unknown");
});
