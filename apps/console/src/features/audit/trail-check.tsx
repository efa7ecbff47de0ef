"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Notice } from "@agent-factory/ui/panel";
import { CircleHelp, ShieldAlert, ShieldCheck } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import type { TrailCheck } from "./use-verify-trail.ts";
import { verifyMessages } from "./verify-messages.ts";

/** What became of a check of the trail, in a sentence with its figures. */
export function TrailCheckResult({ check, again }: { check: TrailCheck; again: () => void }): ReactNode {
  const messages = useMessages(verifyMessages);
  const format = useFormat();
  if (check.state === "idle") return null;
  if (check.state === "failed") return <QueryProblem title={messages.failed} error={check.error} retry={again} />;
  if (check.state === "checking")
    return (
      <p role="status" className="text-ink-2">
        {messages.checking(format.number(check.checked))}
      </p>
    );
  const { verdict } = check;
  const openLog = (
    <LinkButton>
      <Link href="/trust/log">{messages.openLog}</Link>
    </LinkButton>
  );
  const at = messages.at(format.time(new Date(check.at)));
  switch (verdict.kind) {
    case "holds":
      return (
        <Notice tone="healthy" icon={<ShieldCheck aria-hidden />} title={messages.holdsTitle} actions={openLog}>
          {messages.holds(format.number(verdict.checked), verdict.checked)}{" "}
          {verdict.treeSize === null ? null : messages.treeSize(format.number(verdict.treeSize))}{" "}
          {verdict.waiting === 0 ? null : messages.waiting(format.number(verdict.waiting), verdict.waiting)} {at}
        </Notice>
      );
    case "broken":
      return (
        <Notice tone="breached" icon={<ShieldAlert aria-hidden />} title={messages.brokenTitle} actions={openLog}>
          {messages[`broken_${verdict.problem}`](verdict.entryId)} {messages.wayOut} {at}
        </Notice>
      );
    case "removed":
      return (
        <Notice tone="breached" icon={<ShieldAlert aria-hidden />} title={messages.brokenTitle} actions={openLog}>
          {messages.removed(format.number(verdict.unclaimed), verdict.unclaimed)} {messages.wayOut} {at}
        </Notice>
      );
    case "unsigned":
      return (
        <Notice tone="warning" icon={<CircleHelp aria-hidden />} title={messages.unsignedTitle} actions={openLog}>
          {messages.unsigned}
        </Notice>
      );
    default:
      return (
        <Notice tone="accent" title={messages.emptyTitle}>
          {messages.empty}
        </Notice>
      );
  }
}
