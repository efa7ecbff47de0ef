/** Where a rollout stands, in the sentences that its page begins with. Pure. */
import type { Format } from "../../i18n/i18n.tsx";
import type { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import { reasonOf } from "./reasons.ts";
import type { MetricName, MetricState, RolloutPageView } from "./rollout-view.ts";
import { inOrder } from "./timeline.ts";
import type { verdictMessages } from "./verdict-messages.ts";
import { type About, doesWhat, metricTitle, verdictSentence } from "./verdict-sentence.ts";

export type Headline = {
  readonly tone: "breached" | "warning" | "healthy" | "accent";
  readonly name: "pending" | "running" | "gate" | "paused" | "completed" | "rolled-back";
  readonly title: string;
  readonly text: string;
  /** Somebody's own words. */
  readonly quote: string | null;
};

type Words = { readonly rollout: (typeof rolloutMessages)["en"]; readonly verdict: (typeof verdictMessages)["en"] };

export function aboutOf({ canary, baseline, plan, step }: RolloutPageView, currency: string | null): About {
  return { canary, baseline, alpha: plan.alpha, weightPercent: plan.steps[step]?.weightPercent ?? 100, currency };
}

export function headlineOf(rollout: RolloutPageView, currency: string | null, words: Words, format: Format): Headline {
  switch (rollout.state) {
    case "pending":
      return { tone: "accent", name: "pending", title: words.rollout.pendingTitle, text: "", quote: null };
    case "running":
      return running(rollout, words, format);
    case "paused":
      return paused(rollout, currency, words, format);
    case "completed": {
      const title = words.rollout.completedTitle(rollout.canary, rollout.channel);
      const text = rollout.endedAt === null ? "" : words.rollout.completedText(format.dateTime(rollout.endedAt));
      return { tone: "healthy", name: "completed", title, text, quote: null };
    }
    case "rolled_back":
      return rolledBack(rollout, currency, words, format);
  }
}

function running(rollout: RolloutPageView, { rollout: words }: Words, format: Format): Headline {
  const { gate, canary, channel, samples, weightPercent, deadlineAt, plan, step } = rollout;
  const percent = percentOf(weightPercent, format);
  if (gate?.waiting)
    return { tone: "warning", name: "gate", title: words.gateTitle(gate.title), text: words.gateText(canary, percent), quote: null };
  const done = format.number(samples.canary);
  const tooFew = weightPercent < 100 && samples.canary < samples.needed;
  const parts = [
    weightPercent === 100
      ? words.runningLast
      : tooFew
        ? words.runningSamples(done, format.number(samples.needed))
        : words.runningEnough(done),
    deadlineAt === null ? "" : words.deadlineIn(format.relative(deadlineAt), plan.steps[step]?.onDeadline !== "proceed" || tooFew),
  ];
  return { tone: "accent", name: "running", title: words.runningTitle(percent, channel, canary), text: joined(parts), quote: null };
}

function paused(rollout: RolloutPageView, currency: string | null, words: Words, format: Format): Headline {
  const { canary, baseline, weightPercent, stateReason, events } = rollout;
  const head = {
    tone: "warning",
    name: "paused",
    title: words.rollout.pausedTitle(percentOf(weightPercent, format), canary),
    quote: null,
  } as const;
  const reason = reasonOf(stateReason);
  switch (reason?.kind) {
    case "breached": {
      const { title, sentence } = metricWords(rollout, reason.metric, currency, words, format);
      return { ...head, text: joined([sentence, words.rollout.paused_breached(title.toLowerCase())]) };
    }
    case "deadline":
      return { ...head, text: words.rollout.paused_deadline };
    case "too-few-samples":
      return { ...head, text: words.rollout.paused_tooFew };
    case "baseline-revoked":
      return { ...head, text: words.rollout.paused_baseline(baseline ?? "") };
    case "words": {
      const by = inOrder(events).findLast(({ kind }) => kind === "paused")?.actorName ?? rollout.startedByName;
      return { ...head, text: words.rollout.pausedBy(by), quote: reason.words };
    }
    default:
      return { ...head, text: "" };
  }
}

function rolledBack(rollout: RolloutPageView, currency: string | null, words: Words, format: Format): Headline {
  const { canary, baseline, channel, endedAt, events } = rollout;
  const when = endedAt === null ? "" : format.time(endedAt);
  const reason = reasonOf(rollout.stateReason);
  const ending = inOrder(events).findLast(({ kind }) => kind === "rolled-back");
  const note = ending?.data["note"];
  const moved = movedOf(rollout, words, format);
  const head = { tone: "breached", name: "rolled-back", text: moved, quote: null } as const;
  const say = words.rollout;
  switch (reason?.kind) {
    case "breached": {
      const { does, sentence, figures } = metricWords(rollout, reason.metric, currency, words, format);
      const title =
        baseline === null ? say.back_breachedFirst(canary, does, channel, when) : say.back_breached(canary, does, baseline, channel, when);
      return { ...head, title, text: joined([figures, sentence, moved]) };
    }
    case "aborted": {
      const who = ending?.actorName ?? rollout.startedByName;
      const title = baseline === null ? say.back_abortedFirst(who, channel, when) : say.back_aborted(who, baseline, channel, when);
      return { ...head, tone: "warning", title, quote: typeof note === "string" ? note : null };
    }
    case "canary-revoked":
      return {
        ...head,
        title: baseline === null ? say.back_revokedFirst(canary, channel, when) : say.back_revoked(canary, baseline, channel, when),
      };
    case "no-valid-version":
      return { ...head, title: baseline === null ? say.back_revokedFirst(canary, channel, when) : say.back_none(channel, when) };
    default:
      return { ...head, title: say.back_other(baseline ?? "", channel, when) };
  }
}

function movedOf({ movedRuns, baseline }: RolloutPageView, { rollout: words }: Words, format: Format): string {
  return movedRuns === 0 || baseline === null ? "" : words.moved(format.number(movedRuns), movedRuns === 1, baseline);
}

function metricWords(rollout: RolloutPageView, name: MetricName, currency: string | null, words: Words, format: Format) {
  const metric = rollout.metrics.find((one) => one.name === name);
  if (!metric) return { title: words.verdict[name], does: words.verdict.does_failed, sentence: "", figures: "" };
  return {
    title: metricTitle(metric, currency, words.verdict, format),
    does: doesWhat(metric, currency, words.verdict, format),
    sentence: verdictSentence(metric, aboutOf(rollout, currency), words.verdict, format),
    figures: figuresOf(metric, currency, words, format),
  };
}

function figuresOf(metric: MetricState, currency: string | null, words: Words, format: Format): string {
  const { canary, baseline } = metric;
  if (canary.ratio === null) return "";
  const title = metricTitle(metric, currency, words.verdict, format);
  const own = [format.percent(canary.ratio), format.number(canary.samples)] as const;
  if (baseline === null || baseline.ratio === null) return words.rollout.figuresAlone(title, ...own);
  return words.rollout.figures(title, ...own, format.percent(baseline.ratio), format.number(baseline.samples));
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
