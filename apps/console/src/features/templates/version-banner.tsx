"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Notice } from "@agent-factory/ui/panel";
import { Archive, Ban, Hourglass, ShieldAlert } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { latestRunnable, stoppedBy } from "./runnable-version.ts";
import type { TemplateView } from "./template-view.ts";
import { versionMessages } from "./version-messages.ts";

/** What one has to know about the newest version before anything else: it is revoked, deprecated, not signed yet, or signed by a key that nobody trusts any more. */
export function VersionBanner({ template }: { template: TemplateView }): ReactNode {
  const messages = useMessages(versionMessages);
  const format = useFormat();
  const newest = template.versions[0];
  if (!newest) return null;
  const { semver, state, stateReason, stateChangedAt, stateChangedBy } = newest;
  const runs = latestRunnable(template.versions);
  const afterwards = runs ? messages.bannerRuns(runs.semver) : messages.bannerNothingRuns;
  const who = stateChangedBy ?? messages.system;
  const when = stateChangedAt === null ? "" : format.relative(stateChangedAt);
  const proof = (
    <LinkButton>
      <Link href={`/templates/${template.name}/versions/${semver}`}>{messages.openProof}</Link>
    </LinkButton>
  );
  if (state === "revoked") {
    return (
      <Notice tone="breached" icon={<Ban aria-hidden />} title={messages.bannerRevoked(semver)} actions={proof}>
        {messages.bannerRevokedText(who, when)} <q className="text-ink">{stateReason}</q> {afterwards}
      </Notice>
    );
  }
  const stopped = stoppedBy(newest, template.versions);
  if (stopped) {
    return (
      <Notice tone="breached" icon={<Ban aria-hidden />} title={messages.bannerStopped(semver)} actions={proof}>
        {messages.stoppedText(stopped.semver)} <q className="text-ink">{stopped.stateReason}</q> {afterwards}
      </Notice>
    );
  }
  if (newest.distrusted) {
    return (
      <Notice tone="breached" icon={<ShieldAlert aria-hidden />} title={messages.bannerDistrusted(semver)} actions={proof}>
        {messages.bannerDistrustedText} {afterwards}
      </Notice>
    );
  }
  if (!newest.signed) {
    return (
      <Notice tone="accent" icon={<Hourglass aria-hidden />} title={messages.bannerUnsigned(semver)} actions={proof}>
        {messages.bannerUnsignedText} {afterwards}
      </Notice>
    );
  }
  if (state === "deprecated") {
    return (
      <Notice tone="warning" icon={<Archive aria-hidden />} title={messages.bannerDeprecated(semver)} actions={proof}>
        {messages.bannerDeprecatedText(who, when)} <q className="text-ink">{stateReason}</q> {afterwards}
      </Notice>
    );
  }
  return null;
}
