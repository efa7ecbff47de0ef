/**
 * The statistic of canary analysis against what others use: how often a canary that is no worse is rolled back, and how many runs
 * pass until a worse one is. Simulated, seeded: the same figures on every machine.
 *
 * A/A rollouts: the standard plan (10 %, 50 %, 100 %; three metrics; alpha 1 % for the whole rollout, split over metrics and steps), canary and
 * baseline the same, 3,000 runs in each of the two steps that have a baseline, no step ended early by "healthy" (which would give fewer
 * chances to be wrong). Ours is asked through `analyse` about the present step at every bad unit of the canary: its evidence rises at no
 * other moment, so this is looking at every run. `false-rollback-rate` by scenario:
 *   plain   every run has a key of its own; bad ratios 5 %, 5 %, 1 %
 *   keys    a few hundred keys, some with very many runs; a key is bad or not, in all its runs of both steps
 *   drift   the bad ratio swings between 0.1 and 1.9 times its mean in the course of the rollout
 * Its upper 95 % bound (Clopper-Pearson, one-sided) is held against the 1 % that was declared.
 *
 * The others see the same streams, run by run, every hundred runs (a minute of demo traffic):
 *   fixed threshold   the canary's bad ratio since the last look, or in the last five, is above twice the known mean; more than 3 such looks
 *                     (an AnalysisRun of Argo Rollouts with failureLimit 3; Flagger counts in the same manner)
 *   z-test            two proportions, pooled, one-sided, of the step so far; at 1 %, and at our split alpha
 *   Mann-Whitney      the ratios of the last 60 looks, 98 % interval of the Hodges-Lehmann shift, tolerance 25 % of it (Kayenta's classifier)
 *
 * `detection-delay-runs`: median of the runs of both cohorts at weight 10 % until the canary is called worse, one test at our split alpha;
 * a stream that is not decided within 20,000 runs counts as 20,000.
 */
import { analyse, type Level } from "../apps/bff/src/domain/rollouts/analysis.ts";
import type { Bench, Row } from "../scripts/bench.ts";
import { median } from "./figures.ts";

const ROLLOUTS = 10_000;
/** The others need more time a look and far fewer rollouts to show their rate. */
const ROLLOUTS_PEERS = 1000;
const ROLLOUTS_MULTIPLIED = 1000;
const STEP_RUNS = 3000;
const WEIGHTS = [0.1, 0.5] as const;
const RATIOS = [0.05, 0.05, 0.01] as const;
const ALPHA = 0.01;
/** The last step, weight 100, takes its part of alpha too, though it compares nothing. */
const SPLIT = { alpha: ALPHA / (3 * 3), tolerance: 1, margin: 1.5, floor: null };
const LOOK_RUNS = 100;
const KEYS = 800;
const DELAY_STREAMS = 300;
const DELAY_RUNS_MAX = 20_000;

type Random = () => number;

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The runs of one step in order: whose, of which key, and bad in which metrics (a bit each). */
type Stream = { readonly weight: number; readonly canary: Uint8Array; readonly key: Uint32Array; readonly bad: Uint8Array };
type Scenario = "plain" | "keys" | "drift";

function steps(scenario: Scenario, random: Random): Stream[] {
  const draw = (factor: number): number => {
    let bits = 0;
    for (let metric = 0; metric < RATIOS.length; metric += 1) if (random() < (RATIOS[metric] as number) * factor) bits |= 1 << metric;
    return bits;
  };
  const hashes = Float64Array.from({ length: scenario === "keys" ? KEYS : 0 }, random);
  const keysBad = Uint8Array.from(hashes, () => draw(1));
  const phase = random();
  return WEIGHTS.map((weight, step) => {
    const stream = { weight, canary: new Uint8Array(STEP_RUNS), key: new Uint32Array(STEP_RUNS), bad: new Uint8Array(STEP_RUNS) };
    for (let i = 0; i < STEP_RUNS; i += 1) {
      if (scenario === "keys") {
        const key = Math.floor(KEYS * random() ** 3);
        stream.key[i] = key;
        stream.canary[i] = (hashes[key] as number) < weight ? 1 : 0;
        stream.bad[i] = keysBad[key] as number;
        continue;
      }
      const time = (step * STEP_RUNS + i) / (WEIGHTS.length * STEP_RUNS) + phase;
      stream.key[i] = i;
      stream.canary[i] = random() < weight ? 1 : 0;
      stream.bad[i] = draw(scenario === "drift" ? 1 + 0.9 * Math.sin(2 * Math.PI * time) : 1);
    }
    return stream;
  });
}

const levelOf = (weight: number, canaryBad: number, baselineBad: number): Level => ({
  weight,
  canary: { samples: Math.max(canaryBad, STEP_RUNS * weight), bad: canaryBad },
  baseline: { samples: Math.max(baselineBad, STEP_RUNS * (1 - weight)), bad: baselineBad },
});

/** `analyse` is a function of the counts, and "breached" of the bad ones: each pair of them is asked once. */
const asked = new Map<number, boolean>();
function breached(weight: number, canaryBad: number, baselineBad: number): boolean {
  const key = (Math.round(weight * 100) * 20_000 + canaryBad) * 20_000 + baselineBad;
  let answer = asked.get(key);
  if (answer === undefined) {
    answer = analyse([levelOf(weight, canaryBad, baselineBad)], SPLIT).verdict === "breached";
    asked.set(key, answer);
  }
  return answer;
}

/** Calls `onBad` at each bad unit of a metric with the counts up to it; stops when that says so. A unit is a key, or each run by itself. */
function eachBad(stream: Stream, metric: number, unit: "key" | "run", onBad: (canary: boolean, mine: number, other: number) => boolean) {
  const counted = unit === "key" ? new Uint8Array(STEP_RUNS) : null;
  let [mine, other] = [0, 0];
  for (let i = 0; i < STEP_RUNS; i += 1) {
    if (((stream.bad[i] as number) & (1 << metric)) === 0) continue;
    const key = stream.key[i] as number;
    if (counted?.[key]) continue;
    if (counted) counted[key] = 1;
    const canary = stream.canary[i] === 1;
    if (canary) mine += 1;
    else other += 1;
    if (onBad(canary, mine, other)) return true;
  }
  return false;
}

const metrics = RATIOS.map((_, metric) => metric);
const stepAlone = (rollout: readonly Stream[], unit: "key" | "run"): boolean =>
  rollout.some((stream) =>
    metrics.some((metric) => eachBad(stream, metric, unit, (canary, mine, other) => canary && breached(stream.weight, mine, other))),
  );

/** Without the guarantee, as `analysis.ts` says: both levels in one product although the same keys are bad in both. */
const levelsMultiplied = (rollout: readonly Stream[]): boolean =>
  metrics.some((metric) => {
    const earlier: Level[] = [];
    return rollout.some((stream) => {
      let present = levelOf(stream.weight, 0, 0);
      const found = eachBad(stream, metric, "key", (canary, mine, other) => {
        present = levelOf(stream.weight, mine, other);
        return canary && analyse([...earlier, present], SPLIT).verdict === "breached";
      });
      earlier.push(present);
      return found;
    });
  });

/** Somebody who is told the runs since the last look, and says at each look whether the canary is worse. */
type Judge = (canaryRuns: number, canaryBad: number, baselineRuns: number, baselineBad: number) => boolean;

function createThreshold(known: number, windowLooks: number): Judge {
  const window: [runs: number, bad: number][] = [];
  let failures = 0;
  return (...[runs, bad]) => {
    window.push([runs, bad]);
    if (window.length > windowLooks) window.shift();
    const [allRuns, allBad] = window.reduce(([r, b], [moreRuns, moreBad]) => [r + moreRuns, b + moreBad], [0, 0]);
    if (allRuns > 0 && allBad / allRuns > 2 * known) failures += 1;
    return failures > 3;
  };
}

/** `critical`: the standard normal quantile of the one-sided level. */
function createZTest(critical: number): Judge {
  const sums = [0, 0, 0, 0] as [number, number, number, number];
  return (...more) => {
    for (let i = 0; i < 4; i += 1) sums[i] = (sums[i] as number) + (more[i] as number);
    const [runs, bad, otherRuns, otherBad] = sums;
    if (runs === 0 || otherRuns === 0) return false;
    const pooled = (bad + otherBad) / (runs + otherRuns);
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / runs + 1 / otherRuns));
    return error > 0 && (bad / runs - otherBad / otherRuns) / error > critical;
  };
}

function createMannWhitney(): Judge {
  const canary: number[] = [];
  const baseline: number[] = [];
  return (runs, bad, otherRuns, otherBad) => {
    if (runs > 0) canary.push(bad / runs);
    if (otherRuns > 0) baseline.push(otherBad / otherRuns);
    if (canary.length > 60) canary.shift();
    if (baseline.length > 60) baseline.shift();
    const [n, m] = [canary.length, baseline.length];
    const rank = Math.floor((n * m) / 2 - 2.3263 * Math.sqrt((n * m * (n + m + 1)) / 12));
    if (rank < 0 || n === 0 || m === 0) return false;
    const shifts = new Float64Array(n * m);
    for (let i = 0; i < n; i += 1) for (let j = 0; j < m; j += 1) shifts[i * m + j] = (canary[i] as number) - (baseline[j] as number);
    shifts.sort();
    return (shifts[rank] as number) > 0.25 * Math.abs(shifts[Math.floor((n * m) / 2)] as number);
  };
}

const OTHERS: Record<string, (known: number) => Judge> = {
  "fixed threshold, last look": (known) => createThreshold(known, 1),
  "fixed threshold, last five looks": (known) => createThreshold(known, 5),
  "z-test at 1 %": () => createZTest(2.3263),
  "z-test at our split alpha": () => createZTest(3.0588),
  "Mann-Whitney": createMannWhitney,
};

function alarms(create: (known: number) => Judge, rollout: readonly Stream[]): boolean {
  return rollout.some((stream) =>
    metrics.some((metric) => {
      const judge = create(RATIOS[metric] as number);
      for (let from = 0; from < STEP_RUNS; from += LOOK_RUNS) {
        const [runs, bad] = [
          [0, 0],
          [0, 0],
        ] as [[number, number], [number, number]];
        for (let i = from; i < from + LOOK_RUNS; i += 1) {
          const cohort = stream.canary[i] as 0 | 1;
          runs[cohort] += 1;
          if ((stream.bad[i] as number) & (1 << metric)) bad[cohort] += 1;
        }
        if (judge(runs[1], bad[1], runs[0], bad[0])) return true;
      }
      return false;
    }),
  );
}

/** The greatest probability at which `found` or fewer of `n` still happen 5 % of the time (Clopper-Pearson). */
function upperBound(found: number, n: number): number {
  const atMostFound = (p: number): number => {
    let log = n * Math.log1p(-p);
    let sum = Math.exp(log);
    for (let k = 1; k <= found; k += 1) {
      log += Math.log((n - k + 1) / k) + Math.log(p) - Math.log1p(-p);
      sum += Math.exp(log);
    }
    return sum;
  };
  let [low, high] = [found / n, Math.min(1 - 1e-9, (found + 20) / n + 0.05)];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (atMostFound(middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

function row(metric: string, ours: number, peer: string, peerValue: number, unit = "ratio"): Row {
  return { bench: "rollout", metric, ours, peer, peerValue, ratio: ours / peerValue, unit, better: "lower" };
}

function falseRollbacks(scenario: Scenario, seed: number): Row[] {
  const random = createRandom(seed);
  const others = Object.entries(OTHERS).map(([name, create]) => ({ name, create, found: 0 }));
  let [ours, singly, multiplied] = [0, 0, 0];
  for (let i = 0; i < ROLLOUTS; i += 1) {
    const rollout = steps(scenario, random);
    if (stepAlone(rollout, "key")) ours += 1;
    if (scenario === "keys" && i < ROLLOUTS_MULTIPLIED && stepAlone(rollout, "run")) singly += 1;
    if (scenario === "keys" && i < ROLLOUTS_MULTIPLIED && levelsMultiplied(rollout)) multiplied += 1;
    if (i < ROLLOUTS_PEERS) for (const other of others) if (alarms(other.create, rollout)) other.found += 1;
  }
  const metric = `false-rollback-rate-${scenario}`;
  const rate = ours / ROLLOUTS;
  const rows = [row(`${metric}-upper-95`, upperBound(ours, ROLLOUTS), "declared for the whole rollout", ALPHA)];
  for (const other of others) rows.push(row(metric, rate, other.name, other.found / ROLLOUTS_PEERS));
  if (scenario === "keys") {
    rows.push(row(metric, rate, "ours, every run counted", singly / ROLLOUTS_MULTIPLIED));
    rows.push(row(metric, rate, "ours, levels multiplied though keys are bad in both", multiplied / ROLLOUTS_MULTIPLIED));
  }
  return rows;
}

function detectionDelay(name: string, baseline: number, canary: number, seed: number): Row[] {
  const random = createRandom(seed);
  const ours: number[] = [];
  const others = Object.entries(OTHERS).map(([name, create]) => ({ name, create, delays: [] as number[] }));
  for (let stream = 0; stream < DELAY_STREAMS; stream += 1) {
    const running = others.map((other) => ({ ...other, judge: other.create(baseline), delay: 0 }));
    let delay = 0;
    const sums = { mine: 0, other: 0 };
    for (let from = 0; from < DELAY_RUNS_MAX && (delay === 0 || running.some((one) => one.delay === 0)); from += LOOK_RUNS) {
      const look = { runs: 0, bad: 0, otherRuns: 0, otherBad: 0 };
      for (let i = 1; i <= LOOK_RUNS; i += 1) {
        if (random() >= 0.1) {
          look.otherRuns += 1;
          if (random() < baseline) {
            look.otherBad += 1;
            sums.other += 1;
          }
          continue;
        }
        look.runs += 1;
        if (random() >= canary) continue;
        look.bad += 1;
        sums.mine += 1;
        if (delay === 0 && breached(0.1, sums.mine, sums.other)) delay = from + i;
      }
      for (const one of running)
        if (one.delay === 0 && one.judge(look.runs, look.bad, look.otherRuns, look.otherBad)) one.delay = from + LOOK_RUNS;
    }
    ours.push(delay || DELAY_RUNS_MAX);
    for (const one of running) one.delays.push(one.delay || DELAY_RUNS_MAX);
  }
  return others.map((other) => row(`detection-delay-runs-${name}`, median(ours), other.name, median(other.delays), "runs"));
}

/** One call with nothing remembered, in the midst of a step: the slowest case, as it also looks for the samples needed. */
function cost(): Row {
  const calls = 4000;
  const once = (i: number) => analyse([{ weight: 0.1, baseline: { samples: 900 + i, bad: 45 }, canary: { samples: 100, bad: 6 } }], SPLIT);
  for (let i = 0; i < calls; i += 1) once(i);
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i += 1) once(i);
  const used = process.cpuUsage(before);
  return row("analyse-us", (used.user + used.system) / calls, "budget of a call", 200, "us");
}

async function run(): Promise<Row[]> {
  return [
    ...falseRollbacks("plain", 1),
    ...falseRollbacks("keys", 2),
    ...falseRollbacks("drift", 3),
    ...detectionDelay("5-to-20-percent", 0.05, 0.2, 4),
    ...detectionDelay("2-to-6-percent", 0.02, 0.06, 5),
    cost(),
  ];
}

export const bench: Bench = { name: "rollout", run };
