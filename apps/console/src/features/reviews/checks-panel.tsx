"use client";
import type { Sentence } from "@agent-factory/manifest/diagnostic";
import type { SourceDocument } from "@agent-factory/manifest/document";
import { Panel } from "@agent-factory/ui/panel";
import { Check as CheckIcon, CornerDownRight, TriangleAlert, X } from "lucide-react";
import type { ReactNode } from "react";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { exists } from "./anchors.ts";
import { reviewMessages } from "./messages.ts";
import { placeName } from "./place-name.ts";
import { type Check, type ReviewPageView, shortDigest } from "./review-view.ts";
import { useManifestErrors } from "./use-parsed.ts";

const icons = {
  passed: <CheckIcon aria-hidden className="text-healthy" />,
  warning: <TriangleAlert aria-hidden className="text-warning" />,
  failed: <X aria-hidden className="text-breached" />,
} as const;

type Props = { readonly review: ReviewPageView; readonly parsed: SourceDocument | null; readonly onGoTo: (line: number) => void };

/** What stands in the way of the head, as of now; what the policy found leads to its line. */
export function ChecksPanel({ review, parsed, onGoTo }: Props): ReactNode {
  const messages = useMessages(reviewMessages);
  const locale = useLocale();
  const { head, checks } = review;
  const found = head.findings.map(({ rule, pointer, message }) => ({ name: rule, pointer, line: null, message }));
  const invalid = checks.some(({ name, state }) => name === "manifest" && state === "failed");
  const errors = useManifestErrors(head.content, invalid).map(({ code, ...place }) => ({ name: code, ...place }));
  const aside = (name: Check["name"]): string | null => {
    if (name === "manifest" && head.digest !== null) return shortDigest(head.digest);
    if (name === "policy" && /^sha256:/.test(head.policyRevision)) return messages.policyRevision(shortDigest(head.policyRevision));
    return null;
  };
  return (
    <Panel title={messages.checks}>
      <ul className="flex flex-col" data-testid="checks">
        {checks.map((check) => (
          <li
            key={check.name}
            data-check={check.name}
            data-state={check.state}
            className="flex gap-2 border-b border-line py-2.5 first:pt-0.5 last:border-b-0 last:pb-0"
          >
            <span className="flex h-5 shrink-0 items-center [&_svg]:size-4">{icons[check.state]}</span>
            <div className="min-w-0 flex-1">
              <p className="[overflow-wrap:anywhere]">
                <span className="sr-only">
                  {messages[`check_${check.name}`]}, {messages[check.state]}:{" "}
                </span>
                {check.message[locale]}{" "}
                {aside(check.name) === null ? null : (
                  <code className="text-sm text-ink-3" title={check.name === "manifest" ? (head.digest ?? "") : head.policyRevision}>
                    {aside(check.name)}
                  </code>
                )}
              </p>
              {check.name === "policy" ? <Faults faults={found} parsed={parsed} onGoTo={onGoTo} /> : null}
              {check.name === "manifest" && check.state === "failed" ? <Faults faults={errors} parsed={parsed} onGoTo={onGoTo} /> : null}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

type Fault = { readonly name: string; readonly pointer: string; readonly line: number | null; readonly message: Sentence };

const FAULTS_MAX = 5;

/** What is wrong, each with its name and its line. */
function Faults({ faults, parsed, onGoTo }: { faults: readonly Fault[] } & Pick<Props, "parsed" | "onGoTo">): ReactNode {
  const messages = useMessages(reviewMessages);
  const locale = useLocale();
  if (faults.length === 0) return null;
  return (
    <ul className="mt-1.5 flex flex-col gap-2">
      {faults.slice(0, FAULTS_MAX).map((fault) => {
        const line = fault.line ?? (parsed && exists(parsed.data, fault.pointer) ? parsed.locate(fault.pointer, "key").line : null);
        return (
          <li key={`${fault.name}${fault.pointer}${fault.line}`} className="border-l-2 border-line-strong pl-2.5">
            <p className="[overflow-wrap:anywhere]">{fault.message[locale]}</p>
            <p className="flex flex-wrap items-center gap-x-2 text-sm text-ink-3">
              <code>{fault.name}</code>
              {line === null ? null : (
                <button
                  type="button"
                  aria-label={messages.goToLine(line, placeName(fault.pointer) ?? messages.wholeManifest)}
                  onClick={() => onGoTo(line)}
                  className="inline-flex items-center gap-1 rounded-sm hover:text-accent hover:underline"
                >
                  <CornerDownRight aria-hidden className="size-3.5" />
                  {messages.atLine(line)}
                </button>
              )}
            </p>
          </li>
        );
      })}
      {faults.length > FAULTS_MAX ? <li className="text-sm text-ink-3">{messages.moreErrors(faults.length - FAULTS_MAX)}</li> : null}
    </ul>
  );
}
