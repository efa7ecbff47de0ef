"use client";
import { Button } from "@agent-factory/ui/button";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { Notice } from "@agent-factory/ui/panel";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { useQuery } from "@tanstack/react-query";
import { Archive, Play } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ComponentType, type ReactNode, useEffect, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { NotAllowed } from "../../session/not-allowed.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { proofMessages } from "./proof-messages.ts";
import { ProofVerdict } from "./proof-verdict.tsx";
import type { ProofAnswer } from "./signing-view.ts";
import { type CheckedProof, useProof } from "./use-proof.ts";

/** Everything below the verdict comes with what it shows, which the browser has to ask for first. */
const loadDetails = () => import("./proof-details.tsx");
const ProofDetails = dynamic(() => loadDetails().then((loaded) => loaded.ProofDetails), { ssr: false, loading: Shape });

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
  useEffect(() => void loadDetails().catch(() => undefined), []);
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
            <Shape />
          </div>
        )}
      </PageBody>
      {running ? <RunDialog templateName={name} semver={semver} onClose={() => setRunning(false)} /> : null}
    </>
  );
}

function Shape(): ReactNode {
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_340px]">
      <Skeleton className="h-[480px] w-full" />
      <Skeleton className="h-64 w-full" />
    </div>
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
      {report === null && proof.error ? (
        <QueryProblem title={messages.problem} error={proof.error} retry={proof.again} pending={proof.pending} />
      ) : (
        <ProofVerdict report={report} waiting={waiting} names={names} reason={changed} />
      )}
      {answer.state === "deprecated" ? (
        <Notice tone="warning" icon={<Archive aria-hidden />} title={messages.deprecated(semver)}>
          {changed} {messages.deprecatedText}
        </Notice>
      ) : null}
      <ProofDetails name={name} semver={semver} proof={proof} answer={answer} names={names} version={version} />
    </>
  );
}
