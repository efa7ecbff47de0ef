/** A metric's verdict as a sentence a person would say, with its figures and its confidence. Pure. */
import type { Format } from "../../i18n/i18n.tsx";
import { isOpenAbove, isOpenBelow, type MetricName, type MetricState } from "./rollout-view.ts";
import type { verdictMessages } from "./verdict-messages.ts";

type Words = (typeof verdictMessages)["en"];
type Say = Pick<Format, "number" | "percent" | "durationMs" | "money">;

export type About = {
  readonly canary: string;
  readonly baseline: string | null;
  /** Of the whole rollout. */
  readonly alpha: number;
  /** Of the step. */
  readonly weightPercent: number;
  /** In which costs are said; null where it is not known. */
  readonly currency: string | null;
};

/** 2.13 -> "2.1", 0.083 -> "0.083", 14.2 -> "14": as exact as a person says it. */
export function timesOf(theta: number, format: Pick<Say, "number">): string {
  if (theta >= 9.95) return format.number(theta, { maximumFractionDigits: 0 });
  return format.number(theta, { maximumSignificantDigits: 2 });
}

/** "99 %": never rounded up to a certainty that was not promised. */
export function sureOf(alpha: number, format: Pick<Say, "percent">): string {
  return format.percent(1 - alpha, alpha < 0.001 ? 3 : 1);
}

/** The metric's name with its limit: "Slower than 2 s". */
export function metricTitle(
  { name, target }: Pick<MetricState, "name" | "target">,
  currency: string | null,
  words: Words,
  format: Say,
): string {
  if (name === "slow" && target !== null) return words.slowerThan(format.durationMs(target));
  if (name === "dear" && target !== null && currency !== null) return words.dearerThan(format.money(target, currency));
  return words[name];
}

export function verdictSentence(metric: MetricState, about: About, words: Words, format: Say): string {
  const { verdict, interval, canary, baseline, margin, tolerance, samplesNeeded } = metric;
  const unjudged = whyUnjudged(metric, about);
  if (unjudged !== null) return unjudgedSentence(unjudged, metric.name, about.canary, words);
  if (canary.samples === 0 || interval === null) return words.noSamples(about.canary);

  const does = doesWhat(metric, about.currency, words, format);
  const sure = sureOf(about.alpha, format);
  const share = format.percent(canary.ratio ?? 0);
  const range = rangeOf(interval, baseline !== null, sure, words, format);
  const statement = subject(metric, about, does, share, words, format);
  const known = range === null ? `${statement}.` : words.joined(statement, range);
  if (verdict === "breached") {
    if (baseline === null) return known;
    // The verdict asks one thing, whether it is worse; the interval asks two, and is wider: then only the one is said to be sure.
    if (interval.lower <= tolerance)
      return `${statement}. ${words.worseSure(timesOf(tolerance, format), tolerance === 1, about.baseline ?? "", sure)}`;
    const allowed = tolerance === 1 ? words.noWorse(about.baseline ?? "") : words.aboveTolerance(timesOf(tolerance, format));
    return `${known} ${allowed}`;
  }
  if (verdict === "healthy") {
    if (baseline !== null && interval.upper >= margin) return words.withinPromise(about.canary, does, share, sure);
    return baseline === null ? known : `${known} ${words.belowMargin(timesOf(margin, format))}`;
  }
  const more = samplesNeeded === null || samplesNeeded === 0 ? null : words.more(format.number(samplesNeeded));
  return [words.notSure, known, more].filter((part) => part !== null).join(" ");
}

function subject({ canary, baseline }: MetricState, about: About, does: string, share: string, words: Words, format: Say): string {
  const [bad, badBefore] = [canary.ratio ?? 0, baseline?.ratio ?? 0];
  if (baseline === null || about.baseline === null) return words.alone(about.canary, does, share);
  if (bad === 0 && badBefore === 0) return words.noneBad(about.canary, does, format.number(canary.samples));
  if (badBefore === 0) return words.onlyCanary(about.canary, does, share, about.baseline);
  const theta = bad / badBefore;
  return words.timesAsOften(about.canary, does, timesOf(theta, format), theta >= 1, about.baseline);
}

/** Null where neither end is known. */
function rangeOf(
  { lower, upper }: { readonly lower: number; readonly upper: number },
  compared: boolean,
  sure: string,
  words: Words,
  format: Say,
): string | null {
  const from = isOpenBelow(lower) ? null : timesOf(lower, format);
  const to = isOpenAbove(upper) ? null : timesOf(upper, format);
  if (from !== null && to !== null) return compared ? words.between(from, to, sure) : words.aloneBetween(from, to, sure);
  if (from !== null) return compared ? words.atLeast(from, sure) : words.aloneAtLeast(from, sure);
  if (to !== null) return compared ? words.atMost(to, sure) : words.aloneAtMost(to, sure);
  return null;
}

/** What is missing to judge it by; null when nothing is. */
export type Unjudged = "no-limit" | "no-promise" | "nobody-to-compare";

export function whyUnjudged(
  { name, target, floor, baseline }: Pick<MetricState, "name" | "target" | "floor" | "baseline">,
  { weightPercent }: Pick<About, "weightPercent">,
): Unjudged | null {
  if (name !== "failed" && target === null) return "no-limit";
  if (baseline === null) return floor === null ? "no-promise" : null;
  return weightPercent === 100 ? "nobody-to-compare" : null;
}

function unjudgedSentence(why: Unjudged, name: MetricName, canary: string, words: Words): string {
  switch (why) {
    case "no-limit":
      return name === "slow" ? words.noLimit_slow(canary) : words.noLimit_dear(canary);
    case "no-promise":
      return words.noPromise(canary);
    case "nobody-to-compare":
      return words.nobodyToCompare(canary);
  }
}

/** What a bad run does: "fails", "takes longer than 2 s". */
export function doesWhat(
  { name, target }: { readonly name: MetricName; readonly target: number | null },
  currency: string | null,
  words: Words,
  format: Say,
): string {
  if (name === "failed" || target === null) return words.does_failed;
  if (name === "slow") return words.does_slow(format.durationMs(target));
  return words.does_dear(currency === null ? format.number(target / 1_000_000) : format.money(target, currency));
}
