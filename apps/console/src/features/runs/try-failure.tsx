"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFailure } from "../../i18n/failures.ts";
import { useLocale, useMessages } from "../../i18n/i18n.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { runMessages } from "./messages.ts";

type InputIssue = { readonly pointer: string; readonly message: { readonly en: string; readonly fr: string } };

/** Why a try was not taken, and what to do about it. */
export function TryFailure({ error }: { error: unknown }): ReactNode {
  const messages = useMessages(runMessages);
  const locale = useLocale();
  const failure = useFailure(error);
  const box = "mt-3 rounded-md border border-line-strong border-l-[3px] px-3 py-2";
  if (failure?.code === "runs.no-host-ready") {
    const hosts = typeof failure.details["hosts"] === "number" ? failure.details["hosts"] : 0;
    return (
      <div role="alert" className={`${box} border-l-warning`} data-testid="no-host">
        <p className="font-semibold">{messages.noHostTitle}</p>
        <p className="text-ink-2">
          {hosts === 0 ? messages.noHostNone : messages.noHostSome(hosts)}{" "}
          <Link href="/fleet" className="text-accent hover:underline">
            {messages.openFleet}
          </Link>
        </p>
      </div>
    );
  }
  if (failure?.code === "runs.input-invalid") {
    const issues = (failure.details["issues"] ?? []) as readonly InputIssue[];
    return (
      <div role="alert" className={`${box} border-l-breached`} data-testid="input-issues">
        <p className="font-semibold">{messages.inputIssues}</p>
        <ul className="mt-1 flex max-h-48 flex-col gap-1 overflow-auto">
          {issues.map((issue) => (
            <li key={`${issue.pointer}${issue.message.en}`} className="text-ink-2">
              {issue.message[locale]}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return (
    <div className="mt-3">
      <QueryProblem error={error} />
    </div>
  );
}
