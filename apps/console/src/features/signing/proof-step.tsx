"use client";
import { ChevronRight, CircleDashed, type LucideIcon, ShieldCheck, ShieldX } from "lucide-react";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { CheckResult, ProofStep, StepState } from "./proof.ts";
import { proofDetailsMessages } from "./proof-details-messages.ts";
import { proofMessages } from "./proof-messages.ts";
import { type Names, sentenceOf } from "./proof-sentence.ts";

const looks: Readonly<Record<StepState, { readonly Icon: LucideIcon; readonly ink: string }>> = {
  held: { Icon: ShieldCheck, ink: "text-healthy" },
  refused: { Icon: ShieldX, ink: "text-breached" },
  skipped: { Icon: CircleDashed, ink: "text-unknown" },
};

/** One step: a sentence with its shape and its word, and below it, when asked, every check and what it found. */
export function ProofStepRow({ step, number, names, open }: { step: ProofStep; number: number; names: Names; open: boolean }): ReactNode {
  const messages = useMessages(proofMessages);
  const words = useMessages(proofDetailsMessages);
  const format = useFormat();
  const { Icon, ink } = looks[step.state];
  return (
    <li data-testid={`step-${step.name}`} data-state={step.state}>
      <details open={open} className="group">
        <summary className="flex list-none items-start gap-3 px-4 py-2.5 hover:bg-hover/60 focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
          <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${ink}`} />
          <span className="min-w-0 flex-1 text-pretty">
            <span className="sr-only">{format.number(number)}. </span>
            {sentenceOf(step, messages, format, names)}
          </span>
          <span className={`shrink-0 text-sm font-medium ${ink}`}>{wordOf(step.state, words)}</span>
          <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3 transition-transform group-open:rotate-90" />
        </summary>
        <div className="flex flex-col gap-3 border-t border-line bg-sunken py-3 pr-4 pl-11">
          {step.checks.length > 1 ? <Checks checks={step.checks} /> : null}
          <FactList facts={step.facts} />
        </div>
      </details>
    </li>
  );
}

function Checks({ checks }: { checks: readonly CheckResult[] }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  return (
    <ul aria-label={messages.checksLabel} className="flex flex-col gap-1">
      {checks.map((check) => {
        const { Icon, ink } = looks[check.state];
        return (
          <li key={check.name} data-check={check.name} data-state={check.state} className="flex items-start gap-2 text-sm">
            <Icon aria-hidden className={`mt-0.5 size-3.5 shrink-0 ${ink}`} />
            <span className="min-w-0 flex-1 text-ink-2">{messages[`check_${check.name}`]}</span>
            <span className={`shrink-0 ${ink}`}>{wordOf(check.state, messages)}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Facts in the order in which they were found; names that nobody translated stand as they are. */
export function FactList({ facts }: { facts: Readonly<Record<string, string | number>> }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const known: Readonly<Record<string, unknown>> = messages;
  return (
    <dl className="grid grid-cols-1 gap-x-4 gap-y-1 text-sm sm:grid-cols-[auto_minmax(0,1fr)]">
      {Object.entries(facts).map(([name, value]) => {
        // The gate's word for "it is not": the sentence above has said so.
        if (name === "reason" && value === "not-so") return null;
        const label = known[`fact_${name}`];
        return (
          <div key={name} className="contents">
            <dt className="text-ink-3">{typeof label === "string" ? label : name}</dt>
            <dd className="min-w-0 font-mono break-all">{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function wordOf(state: StepState, messages: (typeof proofDetailsMessages)["en"]): string {
  return { held: messages.held, refused: messages.refusedWord, skipped: messages.skipped }[state];
}
