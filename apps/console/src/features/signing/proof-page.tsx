"use client";
import { Button } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice, Panel } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { Archive, Play, RefreshCw } from "lucide-react";
import Link from "next/link";
import { type ComponentType, type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { ProofApprovals, ProofProvenance } from "./proof-facts.tsx";
import { proofMessages } from "./proof-messages.ts";
import { ProofStepRow } from "./proof-step.tsx";
import { ProofOffline, ProofTakeAway } from "./proof-take-away.tsx";
import { ProofVerdict } from "./proof-verdict.tsx";
import type { ProofAnswer } from "./signing-view.ts";
import { type CheckedProof, useProof } from "./use-proof.ts";

type VersionState = ProofAnswer["state"];

/** What other features show on this page. */
export type ProofSlots = {
  readonly State: ComponentType<{ readonly state: VersionState }>;
  readonly RunDialog: ComponentType<{ readonly templateName: string; readonly semver: string; readonly onClose: () => void }>;
};

/** Why a version can run, or why it cannot: every step checked again in this browser, and what the verified statement says. */
export function ProofPage({ name, semver, State, RunDialog }: { name: string; semver: string } & ProofSlots): ReactNode {
  const messages = useMessages(proofMessages);
  const viewer = useViewer();
  const { allowed, reason } = viewer.can("signing.read");
  return allowed ? (
    <Allowed name={name} semver={semver} State={State} RunDialog={RunDialog} />
  ) : (
    <>
      <PageHeader breadcrumbs={crumbs(messages.templates, name)} title={semver} />
      <PageBody>
        <NotAllowed reason={reason} />
      </PageBody>
    </>
  );
}

function crumbs(title: string, name: string): readonly ReactNode[] {
  return [
    <Link key="templates" href="/templates">
      {title}
    </Link>,
    <Link key="template" href={`/templates/${name}`}>
      {name}
    </Link>,
  ];
}

function Allowed({ name, semver, State, RunDialog }: { name: string; semver: string } & ProofSlots): ReactNode {
  const messages = useMessages(proofMessages);
  const viewer = useViewer();
  const proof = useProof({ name, semver, waitForSignature: true });
  const [running, setRunning] = useState(false);
  const { answer } = proof;
  const whyNot =
    viewer.can("runs.submit").reason ?? (proof.report?.allowed ? undefined : verdictTitle(proof, messages, `${name} ${semver}`));
  return (
    <>
      <PageHeader
        breadcrumbs={crumbs(messages.templates, name)}
        title={<span className="font-mono">{semver}</span>}
        badges={answer ? <State state={answer.state} /> : null}
        actions={
          <Button variant="primary" disabledReason={whyNot} onClick={() => setRunning(true)}>
            <Play aria-hidden />
            {messages.run(semver)}
          </Button>
        }
      />
      <PageBody>
        {answer ? (
          <Loaded name={name} semver={semver} proof={proof} answer={answer} />
        ) : proof.error ? (
          <QueryProblem title={messages.problem} error={proof.error} retry={proof.again} pending={proof.pending} />
        ) : (
          <div role="status" aria-label={messages.loading} className="flex flex-col gap-4">
            <Skeleton className="h-20 w-full" />
            <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
              <Skeleton className="h-[480px] w-full" />
              <Skeleton className="h-64 w-full" />
            </div>
          </div>
        )}
      </PageBody>
      {running ? <RunDialog templateName={name} semver={semver} onClose={() => setRunning(false)} /> : null}
    </>
  );
}

function verdictTitle(proof: CheckedProof, messages: (typeof proofMessages)["en"], version: string): string {
  if (proof.answer?.bundle === null) return messages.waiting(version);
  if (!proof.report) return messages.checking;
  return proof.report.refusedBy === "revocation" ? messages.revoked(version) : messages.refused(version);
}

function Loaded({ name, semver, proof, answer }: { name: string; semver: string; proof: CheckedProof; answer: ProofAnswer }): ReactNode {
  const messages = useMessages(proofMessages);
  const format = useFormat();
  const viewer = useViewer();
  const trpc = useTRPC();
  const template = useQuery(trpc.templates.get.queryOptions({ name }));
  const version = template.data?.versions.find((one) => one.semver === semver);
  const { report } = proof;
  const waiting = answer.bundle === null;
  const names = { version: `${name} ${semver}`, tenant: viewer.tenant.name };
  const changed =
    version?.stateReason && version.stateChangedAt ? (
      <>
        {messages.by(version.stateChangedBy ?? messages.system, format.dateTime(version.stateChangedAt))}{" "}
        <q className="text-ink">{version.stateReason}</q>
      </>
    ) : null;
  return (
    <>
      <ProofVerdict report={report} waiting={waiting} names={names} reason={changed} />
      {answer.state === "deprecated" ? (
        <Notice tone="warning" icon={<Archive aria-hidden />} title={messages.deprecated(semver)}>
          {changed} {messages.deprecatedText}
        </Notice>
      ) : null}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
        <div className="flex min-w-0 flex-col gap-4">
          {waiting ? null : report === null && proof.error ? (
            <QueryProblem title={messages.problem} error={proof.error} retry={proof.again} pending={proof.pending} />
          ) : (
            <Steps proof={proof} names={names} />
          )}
          {waiting ? null : <ProofOffline name={name} semver={semver} />}
          <Panel title={messages.manifest} padding="none">
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard */}
            <section aria-label={messages.manifest} tabIndex={0} className="max-h-[420px] overflow-auto focus-visible:-outline-offset-2">
              <pre className="p-4 text-sm [font-variant-ligatures:none]">{answer.source}</pre>
            </section>
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <ProofApprovals publication={report?.publication ?? null} waiting={waiting || report === null} />
          {version ? (
            <ProofProvenance
              name={name}
              parentSemver={version.parentSemver}
              codeDigest={version.codeDigest}
              publishedAt={answer.publishedAt}
              publishedBy={version.publishedByName}
              logIndex={version.logIndex}
              runsLast7Days={version.runsLast7Days}
            />
          ) : null}
          <ProofTakeAway name={name} semver={semver} answer={answer} />
        </div>
      </div>
    </>
  );
}

function Steps({ proof, names }: { proof: CheckedProof; names: { version: string; tenant: string } }): ReactNode {
  const messages = useMessages(proofMessages);
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
        <div role="status" aria-label={messages.checking} className="flex flex-col gap-4 p-4">
          {Array.from({ length: 12 }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
            <Skeleton key={row} className="h-5 w-full" />
          ))}
        </div>
      )}
    </Panel>
  );
}
