/**
 * Canary analysis: is the canary worse than the baseline? Pure: the verdict is a function of counts.
 *
 * Of each unit (sticky key) that turns bad one question is asked: whose is it? A key's cohort is drawn by a hash that knows nothing of its
 * runs, with the weight w. So when the canary is bad `theta` times as often as the baseline, the next bad unit is the canary's with
 * probability p(theta) = w·theta / (w·theta + 1 − w), whatever the hour, the load or the base rate: they strike both cohorts alike
 * (M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022). The likelihood needs the counts of bad
 * units alone, and likelihoods of weight levels multiply.
 *
 * BREACHED: an e-process against "theta <= tolerance" is at 1/alpha or more. E = sum_j pi_j · L(theta_j) / L(tolerance), all
 * theta_j > tolerance. A unit multiplies the j-th term by p(theta_j)/p(tolerance) >= 1 when it is the canary's, by
 * (1 − p(theta_j))/(1 − p(tolerance)) <= 1 when it is not. The expectation of that factor therefore rises with the true theta, and is 1
 * at theta = tolerance: it is at most 1 everywhere in the null, also when theta moves about within it. So E is a nonnegative
 * supermartingale from 1, and Ville's inequality gives P(E >= 1/alpha at any look) <= alpha. (tolerance is the least favourable null,
 * because the likelihood ratio is monotone.) A unit of the canary never lowers E.
 *
 * INTERVAL: the confidence sequence {theta : L(theta) > alpha · sum_j pi_j · L(theta_j)} over a fixed grid on both sides of 1: Robbins'
 * mixture (H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", Ann. Math. Statist. 41, 1970; S. Howard,
 * A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Statist. 49, 2021). The
 * mixture is a grid, the ends are not: L is continuous and log-concave in log theta. The interval of every look holds the true theta at
 * ALL looks together with probability 1 − alpha, so one might also intersect them; counts have no memory of earlier looks, so this is
 * the interval of this look.
 *
 * A RATIO AGAINST A BOUND (`analyseAlone`, and the floor) is the same statistic: at a true ratio equal to the bound, the next sample is bad
 * with probability w = bound; theta is then the ratio of the odds. It is the Bernoulli mixture martingale of Robbins with a prior on
 * the odds ratio in place of a Beta prior (compare I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by
 * betting", JRSS B 86, 2024), which keeps the one-sided null exact without an incomplete Beta function.
 *
 * What the caller owes:
 * - A key counts as bad once within the counts given. A key that is bad at two weight levels has ONE hash, so its second cohort is no fresh
 *   draw, and the product over levels claims more than it knows (at 10 % and then 50 % the variance of the score is 1.3 times what it takes
 *   it for). Levels may be given together when no key is bad in two; else give the present step alone, with alpha split over the
 *   steps: each step is then a test of its own, and their alphas add up whatever the steps have in common.
 * - For `analyseAlone` and the floor, `bad` is about the same thing as the bound. When a key is bad as soon as one of its many runs is, its
 *   ratio is above the ratio of runs: the floor is then reached later than it might (safe), a bound is breached sooner (not safe).
 */

export type Verdict = "breached" | "healthy" | "unknown";

/** Units: `bad` of the `samples`. */
export type Counts = { readonly samples: number; readonly bad: number };

/** What both cohorts did while the canary had this share (0..1) of the keys. */
export type Level = { readonly weight: number; readonly baseline: Counts; readonly canary: Counts };

export type Test = {
  /** The probability of a false "breached", over all looks. */
  readonly alpha: number;
  /** The canary may be bad so many times as often as the baseline. */
  readonly tolerance: number;
  /** Healthy is what is surely below this ratio of rates. */
  readonly margin: number;
  /** A bad ratio that is fine anyway, whatever the baseline does. */
  readonly floor: number | null;
};

export type Analysis = {
  readonly verdict: Verdict;
  /** Natural logarithm of the e-process: evidence against "theta <= tolerance". Breached from ln(1/alpha) on. */
  readonly logE: number;
  /** The confidence sequence of theta at this look. An end at THETA_MIN or THETA_MAX is open: the data do not bound it. */
  readonly interval: { readonly lower: number; readonly upper: number };
  readonly ratios: { readonly baseline: number | null; readonly canary: number | null };
  /**
   * ESTIMATE of the further samples, both cohorts together, until a verdict: as if every count grew at its expected rate, the ratio being
   * what it looks like now or, when that would decide nothing, the margin. Chance makes it half or twice as many. Null: no ground to say.
   */
  readonly samplesNeeded: number | null;
};

export const THETA_MIN = 2 ** -10;
export const THETA_MAX = 2 ** 10;

const ONE_SIDE_POINTS = 40;
const REACH = Math.log(64);
/** Denser near 1: there the counts are large when they decide, and the likelihood narrow. Equal weights. */
const DISTANCES = Float64Array.from({ length: ONE_SIDE_POINTS }, (_, i) => REACH * ((i + 1) / ONE_SIDE_POINTS) ** 2);
/** The points of the mixture, as log theta. */
const BOTH_SIDES = Float64Array.from([...DISTANCES.map((x) => -x).reverse(), 0, ...DISTANCES]);

const RATIO_MIN = 1e-9;
const SAMPLES_NEEDED_MAX = 2 ** 23;

/** Bad units at one weight, attributed. */
type Attributed = { readonly weight: number; readonly canary: number; readonly other: number };

/**
 * Levels that carry information, one a weight, in a fixed order: the same counts give the same bits, however they were listed. While one
 * cohort has all the keys nothing can be compared.
 */
function attribute(levels: readonly Level[], of: "bad" | "samples"): Attributed[] {
  const byWeight = new Map<number, Attributed>();
  for (const { weight, baseline, canary } of levels) {
    if (!(weight > 0 && weight < 1)) continue;
    const before = byWeight.get(weight);
    byWeight.set(weight, { weight, canary: (before?.canary ?? 0) + canary[of], other: (before?.other ?? 0) + baseline[of] });
  }
  return [...byWeight.values()].sort((a, b) => a.weight - b.weight);
}

/** log L(theta), without the factor that does not depend on theta: 0 at theta = 1. */
function logLikelihood(levels: readonly Attributed[], logTheta: number): number {
  let sum = 0;
  for (const { weight, canary, other } of levels) sum += canary * logTheta - (canary + other) * Math.log1p(weight * Math.expm1(logTheta));
  return sum;
}

/** A grid with the logarithms that depend on the weights alone, so that a projection does not take them again. */
type Mixture = { readonly points: Float64Array; readonly logDenominators: readonly Float64Array[] };

function mixture(points: Float64Array, levels: readonly Attributed[]): Mixture {
  const beyond = new Float64Array(points.length);
  for (let j = 0; j < beyond.length; j += 1) beyond[j] = Math.expm1(points[j] as number);
  const logDenominators = levels.map(({ weight }) => {
    const logs = new Float64Array(beyond.length);
    for (let j = 0; j < logs.length; j += 1) logs[j] = Math.log1p(weight * (beyond[j] as number));
    return logs;
  });
  return { points, logDenominators };
}

function logLikelihoods({ points, logDenominators }: Mixture, levels: readonly Attributed[]): Float64Array {
  const logs = new Float64Array(points.length);
  for (let l = 0; l < levels.length; l += 1) {
    const { canary, other } = levels[l] as Attributed;
    const all = canary + other;
    const logDenominator = logDenominators[l] as Float64Array;
    for (let j = 0; j < logs.length; j += 1)
      logs[j] = (logs[j] as number) + canary * (points[j] as number) - all * (logDenominator[j] as number);
  }
  return logs;
}

/** log of the mean of exp(logs), safe for any size. What is e^-45 of the greatest term is below the last bit of the sum. */
function logMeanExp(logs: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < logs.length; j += 1) most = Math.max(most, logs[j] as number);
  let sum = 0;
  for (let j = 0; j < logs.length; j += 1) {
    const below = (logs[j] as number) - most;
    if (below > -45) sum += Math.exp(below);
  }
  return most + Math.log(sum / logs.length);
}

/** The point where `rises` turns from true to false, within [low, high]. */
function turningPoint(low: number, high: number, rises: (x: number) => boolean): number {
  let [from, to] = [low, high];
  for (let i = 0; i < 36; i += 1) {
    const middle = (from + to) / 2;
    if (rises(middle)) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

const LOG_MIN = Math.log(THETA_MIN);
const LOG_MAX = Math.log(THETA_MAX);

function mostLikely(levels: readonly Attributed[]): number {
  return turningPoint(LOG_MIN, LOG_MAX, (logTheta) => {
    let slope = 0;
    for (const { weight, canary, other } of levels) {
      const odds = weight * Math.exp(logTheta);
      slope += canary - ((canary + other) * odds) / (odds + 1 - weight);
    }
    return slope > 0;
  });
}

/** Where log L is above `threshold`; as it is concave in log theta, between two ends around its peak. */
function confidenceSequence(levels: readonly Attributed[], threshold: number): { lower: number; upper: number } {
  const peak = mostLikely(levels);
  const inside = (logTheta: number): boolean => logLikelihood(levels, logTheta) > threshold;
  return {
    lower: inside(LOG_MIN) ? THETA_MIN : Math.exp(turningPoint(LOG_MIN, peak, (x) => !inside(x))),
    upper: inside(LOG_MAX) ? THETA_MAX : Math.exp(turningPoint(peak, LOG_MAX, inside)),
  };
}

/** One null "theta <= tolerance" at given weights, ready for any counts. */
function createTest(levels: readonly Attributed[], alpha: number, tolerance: number) {
  const logTolerance = Math.log(tolerance);
  const above = mixture(
    DISTANCES.map((x) => logTolerance + x),
    levels,
  );
  const around = mixture(BOTH_SIDES, levels);
  const threshold = (counts: readonly Attributed[]): number => logMeanExp(logLikelihoods(around, counts)) + Math.log(alpha);
  return {
    logE: (counts: readonly Attributed[]): number => logMeanExp(logLikelihoods(above, counts)) - logLikelihood(counts, logTolerance),
    interval: (counts: readonly Attributed[]) => confidenceSequence(counts, threshold(counts)),
    /** Whether the upper end is below `theta`, without looking for it. */
    surelyBelow(counts: readonly Attributed[], theta: number): boolean {
      let slope = 0;
      for (const { weight, canary, other } of counts) slope += canary - ((canary + other) * weight * theta) / (weight * theta + 1 - weight);
      return slope < 0 && logLikelihood(counts, Math.log(theta)) <= threshold(counts);
    },
    /** The mean of log theta after the data, by the mixture as a prior: pulled towards 1 while there are few. */
    logThetaExpected(counts: readonly Attributed[]): number {
      const logs = logLikelihoods(around, counts);
      const total = logMeanExp(logs);
      return logs.reduce((sum, log, j) => sum + (Math.exp(log - total) * (BOTH_SIDES[j] as number)) / logs.length, 0);
    },
  };
}

/** The first number of further samples at which `decides`, within some 5 %; null beyond SAMPLES_NEEDED_MAX. */
function firstDeciding(decides: (samples: number) => boolean): number | null {
  let enough = 8;
  while (!decides(enough)) {
    enough *= 4;
    if (enough > SAMPLES_NEEDED_MAX) return null;
  }
  let tooFew = enough / 4;
  for (let i = 0; i < 5; i += 1) {
    const middle = Math.sqrt(tooFew * enough);
    if (decides(middle)) enough = middle;
    else tooFew = middle;
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(enough)) - 1);
  return Math.ceil(enough / unit) * unit;
}

const ratio = (bad: number, samples: number): number | null => (samples > 0 ? bad / samples : null);

/** A ratio that may be a null hypothesis: neither impossible nor certain. */
const bounded = (share: number): number => Math.min(1 - RATIO_MIN, Math.max(RATIO_MIN, share));

/** The canary against the baseline. The last level is the present one. */
export function analyse(levels: readonly Level[], { alpha, tolerance, margin, floor }: Test): Analysis {
  const totals = { baseline: { samples: 0, bad: 0 }, canary: { samples: 0, bad: 0 } };
  for (const level of levels) {
    for (const cohort of ["baseline", "canary"] as const) {
      totals[cohort].samples += level[cohort].samples;
      totals[cohort].bad += level[cohort].bad;
    }
  }
  const own = [{ weight: bounded(floor ?? 0), canary: totals.canary.bad, other: Math.max(0, totals.canary.samples - totals.canary.bad) }];
  const bad = attribute(levels, "bad");
  const against = createTest(bad, alpha, tolerance);
  const againstFloor = floor === null ? null : createTest(own, alpha, 1);

  const logE = against.logE(bad);
  const interval = against.interval(bad);
  /*
   * A canary that hangs has few bad units because it has few at all. The share of its units that is surely missing (by the same confidence
   * sequence, over all units instead of the bad ones) counts against "healthy".
   */
  const samples = attribute(levels, "samples");
  const present = Math.min(1, createTest(samples, alpha, 1).interval(samples).upper);
  const decide = (counts: readonly Attributed[], ownCounts: readonly Attributed[], evidence: number): Verdict => {
    if (againstFloor?.surelyBelow(ownCounts, present)) return "healthy";
    if (evidence >= -Math.log(alpha)) return "breached";
    return against.surelyBelow(counts, margin * present) ? "healthy" : "unknown";
  };

  const verdict = totals.canary.samples === 0 ? "unknown" : decide(bad, own, logE);

  const samplesNeeded = (): number | null => {
    const weight = levels.at(-1)?.weight ?? 0;
    const someBad = totals.baseline.bad + totals.canary.bad > 0;
    if (!(weight > 0 && weight < 1) || present < 1 || totals.canary.samples === 0 || (!someBad && floor === null)) return null;
    const badOfBaseline = Math.min(1, (totals.baseline.bad + 0.5) / (totals.baseline.samples + 1));
    const projected = (theta: number) => (further: number) => {
      const badOfCanary = Math.min(1, badOfBaseline * theta);
      const more = (counts: Attributed, canary: number, other: number): Attributed => ({
        weight: counts.weight,
        canary: counts.canary + further * canary,
        other: counts.other + further * other,
      });
      const counts = bad.map((level) =>
        level.weight === weight ? more(level, weight * badOfCanary, (1 - weight) * badOfBaseline) : level,
      );
      const ownCounts = own.map((level) => more(level, weight * badOfCanary, weight * (1 - badOfCanary)));
      return decide(counts, ownCounts, against.logE(counts)) !== "unknown";
    };
    return firstDeciding(projected(Math.exp(against.logThetaExpected(bad)))) ?? firstDeciding(projected(margin));
  };

  return {
    verdict,
    logE,
    interval,
    ratios: { baseline: ratio(totals.baseline.bad, totals.baseline.samples), canary: ratio(totals.canary.bad, totals.canary.samples) },
    samplesNeeded: verdict === "unknown" ? samplesNeeded() : 0,
  };
}

/**
 * The first version of a channel has no baseline: it is judged against the bad ratio that its SLO allows. Breached: the ratio is surely above
 * the target; healthy: surely below. `interval` is of ratio / target, so that 1 is the boundary as it is for two cohorts.
 */
export function analyseAlone(counts: Counts, { alpha, target }: { readonly alpha: number; readonly target: number }): Analysis {
  const weight = bounded(target);
  const own = [{ weight, canary: counts.bad, other: Math.max(0, counts.samples - counts.bad) }];
  const test = createTest(own, alpha, 1);
  const decide = (attributed: readonly Attributed[], evidence: number): Verdict => {
    if (evidence >= -Math.log(alpha)) return "breached";
    return test.surelyBelow(attributed, 1) ? "healthy" : "unknown";
  };
  const logE = test.logE(own);
  const odds = test.interval(own);
  const toTarget = (theta: number): number => {
    if (theta === THETA_MIN || theta === THETA_MAX) return theta;
    return Math.min(THETA_MAX, Math.max(THETA_MIN, theta / (weight * theta + 1 - weight)));
  };
  const verdict = counts.samples === 0 ? "unknown" : decide(own, logE);
  const badNow = (counts.bad + weight) / (counts.samples + 1);
  const needed = (): number | null =>
    firstDeciding((further) => {
      const projected = own.map((level) => ({
        weight,
        canary: level.canary + further * badNow,
        other: level.other + further * (1 - badNow),
      }));
      return decide(projected, test.logE(projected)) !== "unknown";
    });
  return {
    verdict,
    logE,
    interval: { lower: toTarget(odds.lower), upper: toTarget(odds.upper) },
    ratios: { baseline: null, canary: ratio(counts.bad, counts.samples) },
    samplesNeeded: verdict === "unknown" ? (counts.samples === 0 ? null : needed()) : 0,
  };
}
