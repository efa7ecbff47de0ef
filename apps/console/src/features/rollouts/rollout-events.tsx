"use client";
import { Panel } from "@agent-factory/ui/panel";
import {
  Check,
  CirclePause,
  DoorClosed,
  DoorOpen,
  FastForward,
  type LucideIcon,
  Play,
  StepForward,
  TriangleAlert,
  Undo2,
} from "lucide-react";
import type { ReactNode } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { rolloutMessages } from "./messages.ts";
import { percentOf } from "./percent.ts";
import { reasonOf } from "./reasons.ts";
import type { MetricName, RolloutEvent, RolloutPageView } from "./rollout-view.ts";
import { inOrder } from "./timeline.ts";
import { verdictMessages } from "./verdict-messages.ts";

const looks: Readonly<Record<string, { readonly Icon: LucideIcon; readonly ink: string }>> = {
  started: { Icon: Play, ink: "text-ink-3" },
  step: { Icon: StepForward, ink: "text-ink-3" },
  breached: { Icon: TriangleAlert, ink: "text-warning" },
  "gate-waiting": { Icon: DoorClosed, ink: "text-warning" },
  "gate-passed": { Icon: DoorOpen, ink: "text-healthy" },
  paused: { Icon: CirclePause, ink: "text-warning" },
  resumed: { Icon: Play, ink: "text-ink-3" },
  promoted: { Icon: FastForward, ink: "text-ink-3" },
  completed: { Icon: Check, ink: "text-healthy" },
  "rolled-back": { Icon: Undo2, ink: "text-breached" },
};

/** Who did what, why, and what was known at that moment; newest first. */
export function RolloutEvents({ rollout }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  return (
    <Panel title={messages.events}>
      <ol className="-my-1 flex flex-col divide-y divide-line" data-testid="events">
        {inOrder(rollout.events)
          .reverse()
          .map((event) => (
            <Line key={event.id} event={event} format={format} first={rollout.baseline === null} />
          ))}
      </ol>
    </Panel>
  );
}

function Line({ event, format, first }: { event: RolloutEvent; format: Format; first: boolean }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const { Icon, ink } = looks[event.kind] ?? { Icon: StepForward, ink: "text-ink-3" };
  const { title, why, quote } = useWords(event);
  const samples = samplesOf(event.data);
  const figures =
    samples === null || samples.canary + samples.baseline === 0
      ? null
      : first
        ? messages.eventSamplesAlone(format.number(samples.canary))
        : messages.eventSamples(format.number(samples.canary), format.number(samples.baseline));
  return (
    <li className="flex gap-2.5 py-2" data-kind={event.kind}>
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${ink}`} />
      <div className="min-w-0 flex-1">
        <p className="[overflow-wrap:anywhere]">
          <span className="font-semibold">{title}</span>{" "}
          <time dateTime={event.at} title={format.dateTime(event.at)} className="whitespace-nowrap text-ink-3 tabular-nums">
            {format.time(event.at)}
          </time>
        </p>
        {why === null && figures === null ? null : (
          <p className="text-sm text-ink-2">{[why, figures].filter((part) => part !== null).join(" · ")}</p>
        )}
        {quote === null ? null : <p className="text-sm text-ink-2 [overflow-wrap:anywhere]">{messages.quoted(quote)}</p>}
      </div>
    </li>
  );
}

function useWords({ kind, actorName, data }: RolloutEvent): { title: string; why: string | null; quote: string | null } {
  const messages = useMessages(rolloutMessages);
  const verdicts = useMessages(verdictMessages);
  const format = useFormat();
  const who = actorName === "rollouts" || actorName === "" ? messages.controller : actorName;
  const text = (name: string): string => (typeof data[name] === "string" ? data[name] : "");
  const percent = typeof data["weight"] === "number" ? percentOf(data["weight"], format) : "";
  const metric = (name: string): string =>
    name === "failed" || name === "slow" || name === "dear" ? verdicts[name satisfies MetricName] : name;
  const said = (title: string, why: string | null = null, quote: string | null = null) => ({ title, why, quote });
  switch (kind) {
    case "started":
      return said(messages.event_started(who, percent));
    case "step":
      return said(messages.event_step(percent));
    case "breached":
      return said(messages.event_breached(metric(text("metric"))));
    case "gate-waiting":
      return said(messages["event_gate-waiting"](text("title")));
    case "gate-passed":
      return said(messages["event_gate-passed"](who, text("title")));
    case "resumed":
      return said(text("accepted") === "" ? messages.event_resumed(who) : messages.event_resumedAccepting(who, metric(text("accepted"))));
    case "promoted":
      return said(messages.event_promoted(who), null, text("reason"));
    case "completed":
      return said(messages.event_completed);
    case "paused":
    case "rolled-back": {
      const title = kind === "paused" ? messages.event_paused(who) : messages["event_rolled-back"](who);
      const reason = reasonOf(text("reason"));
      if (reason === null) return said(title);
      if (reason.kind === "words") return said(title, null, reason.words);
      const why = reason.kind === "breached" ? messages.reason_breached(metric(reason.metric)) : messages[`reason_${reason.kind}`];
      return said(title, why, text("note") === "" ? null : text("note"));
    }
    default:
      return said(kind);
  }
}

function samplesOf(data: RolloutEvent["data"]): { canary: number; baseline: number } | null {
  const samples = data["samples"] as { canary?: unknown; baseline?: unknown } | null | undefined;
  const { canary, baseline } = samples ?? {};
  return typeof canary === "number" && typeof baseline === "number" ? { canary, baseline } : null;
}
