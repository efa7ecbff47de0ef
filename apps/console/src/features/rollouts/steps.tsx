"use client";
import { clsx } from "clsx";
import { Check, CircleDashed, CirclePause, DoorClosed, DoorOpen, GitBranch, type LucideIcon, SkipForward, X } from "lucide-react";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import { reasonOf } from "./reasons.ts";
import { isOver, type RolloutPageView } from "./rollout-view.ts";
import { progressOf, type Segment, segmentsOf } from "./timeline.ts";
import { verdictMessages } from "./verdict-messages.ts";

type Look = { readonly Icon: LucideIcon; readonly ink: string; readonly bar: string };
const QUIET = { ink: "text-ink-3", bar: "bg-line-strong" };
const steps: Record<Extract<Segment, { kind: "step" }>["state"], Look> = {
  passed: { Icon: Check, ink: "text-healthy", bar: "bg-healthy" },
  skipped: { Icon: SkipForward, ...QUIET },
  current: { Icon: GitBranch, ink: "text-canary-ink", bar: "bg-canary" },
  paused: { Icon: CirclePause, ink: "text-warning", bar: "bg-warning" },
  broken: { Icon: X, ink: "text-breached", bar: "bg-breached" },
  ahead: { Icon: CircleDashed, ...QUIET },
};
const gates: Record<Extract<Segment, { kind: "gate" }>["state"], Look> = {
  passed: { Icon: DoorOpen, ink: "text-healthy", bar: "bg-healthy" },
  waiting: { Icon: DoorClosed, ink: "text-warning", bar: "bg-warning" },
  ahead: { Icon: DoorClosed, ...QUIET },
};

/** The steps in their order with the gates between them; how far the present one is stands in its bar and in words. */
export function Steps({ rollout }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  return (
    <ol
      aria-label={messages.timeline}
      className="grid grid-cols-1 gap-3 sm:auto-cols-fr sm:grid-flow-col sm:grid-cols-none"
      data-testid="steps"
    >
      {segmentsOf(rollout).map((segment) => (
        <Part key={`${segment.kind}${segment.index}`} rollout={rollout} segment={segment} />
      ))}
    </ol>
  );
}

function Part({ rollout, segment }: { rollout: RolloutPageView; segment: Segment }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  const text = useText(rollout, segment);
  const look = segment.kind === "step" ? steps[segment.state] : gates[segment.state];
  const { Icon } = look;
  const here = segment.kind === "step" && (segment.state === "current" || segment.state === "paused");
  const done = segment.kind === "step" && here ? progressOf(segment.samples ?? 0, segment.step.minSamples) : 1;
  return (
    <li className="min-w-0" aria-current={here ? "step" : undefined} data-state={segment.state}>
      <div aria-hidden className="h-1 overflow-hidden rounded-full bg-line-strong">
        <div className={clsx("h-full rounded-full transition-[width]", look.bar)} style={{ width: `${done * 100}%` }} />
      </div>
      <p className="mt-1.5 flex items-center gap-1.5">
        <Icon aria-hidden className={clsx("size-3.5 shrink-0", look.ink)} />
        <span className="font-semibold">{segment.kind === "gate" ? messages.gate : percentOf(segment.step.weightPercent, format)}</span>
        {segment.kind === "step" && segment.startedAt !== null ? (
          <time dateTime={segment.startedAt} title={format.dateTime(segment.startedAt)} className="text-ink-3 tabular-nums">
            {format.hour(segment.startedAt)}
          </time>
        ) : null}
      </p>
      <p className="text-ink-2 [overflow-wrap:anywhere]">{text}</p>
    </li>
  );
}

function useText(rollout: RolloutPageView, segment: Segment): string {
  const messages = useMessages(rolloutMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  if (segment.kind === "gate") {
    if (segment.state === "waiting") return messages.gate_waiting;
    if (segment.state === "ahead") return segment.title;
    return segment.passedBy === null ? messages.gate_passedPlain : messages.gate_passed(segment.passedBy);
  }
  const { state, samples, step, left } = segment;
  const needed = format.number(step.minSamples);
  switch (state) {
    case "passed": {
      const how = { healthy: "step_passed", time: "step_passedTime", promoted: "step_passedPromoted", last: "step_passedLast" } as const;
      return samples === null || left === null ? messages.step_passedPlain : messages[how[left]](format.number(samples));
    }
    case "skipped":
      return messages.step_skipped;
    case "current":
      return step.minSamples === 0 ? messages.step_currentNone : messages.step_current(format.number(samples ?? 0), needed);
    case "paused":
      return step.minSamples === 0 ? messages.step_pausedNone : messages.step_paused(format.number(samples ?? 0), needed);
    case "broken": {
      const reason = reasonOf(rollout.stateReason);
      return reason?.kind === "breached" ? messages.step_brokenMetric(verdicts[reason.metric]) : messages.step_broken;
    }
    case "ahead":
      if (isOver(rollout)) return messages.step_notReached;
      return step.minSamples === 0 ? messages.step_aheadNone : messages.step_ahead(needed);
  }
}
