"use client";
import { clsx } from "clsx";
import { Ban, Hourglass, type LucideIcon, ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { ProofReport } from "./proof.ts";
import { proofMessages } from "./proof-messages.ts";
import { type Names, sentenceOf, wayOutOf } from "./proof-sentence.ts";

type Tone = "healthy" | "breached" | "warning" | "accent";
const edges = { healthy: "border-l-healthy", breached: "border-l-breached", warning: "border-l-warning", accent: "border-l-accent" };
const inks = { healthy: "text-healthy", breached: "text-breached", warning: "text-warning", accent: "text-accent" };

/** Whether the version may run, in one sentence, before anything else on the page. `reason` is what was said when its state was changed. */
export function ProofVerdict({
  report,
  waiting,
  names,
  reason,
}: {
  report: ProofReport | null;
  waiting: boolean;
  names: Names;
  reason: ReactNode;
}): ReactNode {
  const messages = useMessages(proofMessages);
  const format = useFormat();
  if (waiting) {
    return (
      <Verdict tone="accent" Icon={Hourglass} state="waiting" title={messages.waiting(names.version)}>
        {messages.waitingText}
      </Verdict>
    );
  }
  if (!report) {
    return (
      <Verdict tone="accent" Icon={Hourglass} state="checking" title={messages.checking}>
        {null}
      </Verdict>
    );
  }
  const growth = report.steps.find(({ name }) => name === "growth");
  const held = report.steps.filter(({ state }) => state === "held").length;
  if (report.allowed && growth?.state === "refused") {
    return (
      <Verdict tone="breached" Icon={ShieldAlert} state="log-refused" title={messages.allowedButLog(names.version)}>
        {sentenceOf(growth, messages, format, names)} {messages.wayOut_growth}
      </Verdict>
    );
  }
  if (report.allowed) {
    return (
      <Verdict tone="healthy" Icon={ShieldCheck} state="allowed" title={messages.allowed(names.version)}>
        {growth?.state === "held" ? messages.allowedText(held) : messages.allowedOpen(held)}
      </Verdict>
    );
  }
  if (report.refusedBy === "revocation") {
    return (
      <Verdict tone="breached" Icon={Ban} state="revoked" title={messages.revoked(names.version)}>
        {reason} {messages.wayOut_revocation}
      </Verdict>
    );
  }
  const at = report.steps.findIndex(({ name }) => name === report.refusedBy);
  const step = report.steps[at];
  return (
    <Verdict tone="breached" Icon={ShieldX} state="refused" title={messages.refused(names.version)}>
      {step ? messages.refusedAt(at + 1, sentenceOf(step, messages, format, names)) : null} {wayOutOf(report, messages)}
    </Verdict>
  );
}

function Verdict({
  tone,
  Icon,
  state,
  title,
  children,
}: {
  tone: Tone;
  Icon: LucideIcon;
  state: string;
  title: string;
  children: ReactNode;
}): ReactNode {
  return (
    <section
      role={tone === "breached" ? "alert" : "status"}
      data-testid="verdict"
      data-verdict={state}
      className={clsx("flex items-start gap-4 rounded-md border border-l-[3px] border-line bg-surface px-4 py-4", edges[tone])}
    >
      <Icon aria-hidden className={clsx("mt-0.5 size-6 shrink-0", inks[tone])} strokeWidth={1.75} />
      <div className="min-w-0">
        <h2 className="text-lg font-semibold text-balance">{title}</h2>
        <p className="mt-0.5 max-w-[110ch] min-h-5 text-pretty text-ink-2">{children}</p>
      </div>
    </section>
  );
}
