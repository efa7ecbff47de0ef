"use client";
import { Panel } from "@agent-factory/ui/panel";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { rolloutMessages } from "./messages.ts";
import { PlanSummary } from "./plan-summary.tsx";
import { isOver, type RolloutPageView } from "./rollout-view.ts";

/** What is moved, by whom, and what became of the runs; the way to the proof of both versions. */
export function RolloutFacts({ rollout }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  const format = useFormat();
  const { templateName, channel, baseline, canary, startedAt, startedByName, queuedOnCanary, movedRuns } = rollout;
  const runs = `/runs?template=${templateName}&channel=${channel}`;
  return (
    <Panel title={messages.facts}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 [&_dd]:m-0 [&_dt]:text-ink-3">
        <dt>{messages.factTemplate}</dt>
        <dd>
          <Link href={`/templates/${templateName}`} className="rounded-sm text-accent hover:underline">
            {templateName}
          </Link>
        </dd>
        <dt>{messages.factChannel}</dt>
        <dd>{channel}</dd>
        <dt>{messages.factBaseline}</dt>
        <dd>{baseline === null ? messages.nothingBefore : <Version templateName={templateName} semver={baseline} />}</dd>
        <dt>{messages.factCanary}</dt>
        <dd>
          <Version templateName={templateName} semver={canary} />
        </dd>
        <dt>{messages.factStarted}</dt>
        <dd>
          {startedByName}, <time dateTime={startedAt}>{format.dateTime(startedAt)}</time>
        </dd>
        {isOver(rollout) ? null : (
          <>
            <dt>{messages.factQueued}</dt>
            <dd>
              <Runs href={`${runs}&version=${canary}&state=queued`} count={queuedOnCanary}>
                {messages.factQueuedText(format.number(queuedOnCanary), queuedOnCanary === 1, canary)}
              </Runs>
            </dd>
          </>
        )}
        <dt>{messages.factMoved}</dt>
        <dd>
          <Runs href={`${runs}&movedFrom=${canary}`} count={movedRuns}>
            {movedRuns === 0 ? messages.factMovedNone : messages.factMovedText(format.number(movedRuns), movedRuns === 1)}
          </Runs>
        </dd>
      </dl>
      <p className="mt-3 text-sm text-pretty text-ink-3">{messages.samplesWhat}</p>
    </Panel>
  );
}

/** The plan as it was when the rollout began: a later revision does not change it. */
export function RolloutPlan({ rollout: { plan } }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(rolloutMessages);
  return (
    <Panel title={messages.planSummary}>
      <p className="mb-2">
        <Link href={`/rollouts/plans/${plan.name}`} className="rounded-sm text-accent hover:underline">
          {messages.planOf(plan.title, plan.revision)}
        </Link>
      </p>
      <PlanSummary plan={plan} />
    </Panel>
  );
}

/** Words about runs, and the way to them where there are any. */
function Runs({ href, count, children }: { href: string; count: number; children: ReactNode }): ReactNode {
  if (count === 0) return children;
  return (
    <Link href={href} className="rounded-sm text-accent hover:underline">
      {children}
    </Link>
  );
}

function Version({ templateName, semver }: { templateName: string; semver: string }): ReactNode {
  const messages = useMessages(rolloutMessages);
  return (
    <>
      <span className="font-mono text-sm">{semver}</span>{" "}
      <Link
        href={`/templates/${templateName}/versions/${semver}`}
        aria-label={`${messages.proof} ${semver}`}
        className="rounded-sm text-accent hover:underline"
      >
        {messages.proof}
      </Link>
    </>
  );
}
