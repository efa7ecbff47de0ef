"use client";
import { Button } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { proofDetailsMessages } from "./proof-details-messages.ts";
import { ProofApprovals, ProofProvenance, type VersionFacts } from "./proof-facts.tsx";
import type { Names } from "./proof-sentence.ts";
import { ProofStepRow } from "./proof-step.tsx";
import { ProofOffline, ProofTakeAway } from "./proof-take-away.tsx";
import type { ProofAnswer } from "./signing-view.ts";
import type { CheckedProof } from "./use-proof.ts";

/** What stands below the verdict: the steps that led to it, and what the verified statement says. */
export function ProofDetails({
  name,
  semver,
  proof,
  answer,
  names,
  version,
}: {
  name: string;
  semver: string;
  proof: CheckedProof;
  answer: ProofAnswer;
  names: Names;
  /** What the registry tells of the version beside its proof; undefined until it did. */
  version: VersionFacts | undefined;
}): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const waiting = answer.bundle === null;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
      <div className="flex min-w-0 flex-col gap-4">
        {waiting ? null : <Steps proof={proof} names={names} />}
        {waiting ? null : <ProofOffline name={name} semver={semver} />}
        <Panel title={messages.manifest} padding="none">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard */}
          <section aria-label={messages.manifest} tabIndex={0} className="max-h-[420px] overflow-auto focus-visible:-outline-offset-2">
            <pre className="p-4 text-sm [font-variant-ligatures:none]">{answer.source}</pre>
          </section>
        </Panel>
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <ProofApprovals report={proof.report} waiting={waiting} />
        {version ? <ProofProvenance name={name} publishedAt={answer.publishedAt} version={version} /> : null}
        <ProofTakeAway name={name} semver={semver} answer={answer} />
      </div>
    </div>
  );
}

function Steps({ proof, names }: { proof: CheckedProof; names: Names }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const { report } = proof;
  const held = report?.steps.filter(({ state }) => state === "held").length ?? 0;
  return (
    <Panel
      title={messages.steps}
      padding="none"
      actions={
        <>
          {report ? (
            <span className="text-sm whitespace-nowrap text-ink-3 max-sm:hidden">{messages.stepsHeld(held, report.steps.length)}</span>
          ) : null}
          <Button size="sm" variant="ghost" onClick={proof.again} loading={proof.pending}>
            <RefreshCw aria-hidden />
            {messages.again}
          </Button>
        </>
      }
    >
      {report ? (
        <ol data-testid="steps" className="divide-y divide-line">
          {report.steps.map((step, index) => (
            <ProofStepRow key={step.name} step={step} number={index + 1} names={names} open={step.name === report.refusedBy} />
          ))}
        </ol>
      ) : (
        <div role="status" aria-label={messages.steps} className="flex flex-col gap-4 p-4">
          {Array.from({ length: 12 }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
            <Skeleton key={row} className="h-5 w-full" />
          ))}
        </div>
      )}
    </Panel>
  );
}
