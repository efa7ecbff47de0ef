"use client";
import { Badge, type BadgeTone } from "@agent-factory/ui/badge";
import { Tooltip } from "@agent-factory/ui/tooltip";
import { Archive, Ban, CircleCheck, Hourglass, type LucideIcon, ShieldAlert, ShieldCheck, Undo2 } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import type { VersionRow } from "./template-view.ts";
import { versionMessages } from "./version-messages.ts";

const looks: Readonly<Record<VersionRow["state"], { readonly tone: BadgeTone; readonly Icon: LucideIcon }>> = {
  published: { tone: "healthy", Icon: CircleCheck },
  deprecated: { tone: "warning", Icon: Archive },
  revoked: { tone: "breached", Icon: Ban },
};

/** How a version stands: shape, word, colour. */
export function VersionState({ state }: { state: VersionRow["state"] }): ReactNode {
  const messages = useMessages(versionMessages);
  const { tone, Icon } = looks[state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {messages[`state_${state}`]}
    </Badge>
  );
}

/** It was taken back from a channel, and nobody has tried it there again; leads to why. */
export function RolledBackMark({ rollout }: { rollout: VersionRow["rolledBack"] }): ReactNode {
  const messages = useMessages(versionMessages);
  if (rollout === null) return null;
  return (
    <Link href={`/rollouts/${rollout.number}`} className="relative z-1 rounded-sm hover:underline">
      <Badge tone="breached" icon={<Undo2 aria-hidden />}>
        {messages.rolledBack(rollout.channel)}
      </Badge>
    </Link>
  );
}

/** Not revoked itself, but of the content of one that is: it runs no more either. */
export function StoppedMark({ by }: { by: Pick<VersionRow, "semver" | "stateReason"> | null }): ReactNode {
  const messages = useMessages(versionMessages);
  if (by === null) return null;
  return (
    <>
      <Badge tone="breached" icon={<Ban aria-hidden />}>
        {messages.stopped}
      </Badge>
      <span className="basis-full text-sm text-pretty text-ink-2">
        {messages.stoppedText(by.semver)} <q>{by.stateReason}</q>
      </span>
    </>
  );
}

/** Whether it is signed, and where in the log that stands. */
export function SignedMark({ version }: { version: Pick<VersionRow, "signed" | "logIndex" | "distrusted"> }): ReactNode {
  const messages = useMessages(versionMessages);
  const format = useFormat();
  if (!version.signed) {
    return (
      <Badge tone="accent" icon={<Hourglass aria-hidden />}>
        {messages.unsigned}
      </Badge>
    );
  }
  const mark = version.distrusted ? (
    <Badge tone="breached" icon={<ShieldAlert aria-hidden />}>
      {messages.distrusted}
    </Badge>
  ) : (
    <span className="inline-flex items-center gap-1 text-sm text-ink-2">
      <ShieldCheck aria-hidden className="size-3.5 text-healthy" />
      {messages.signed}
    </span>
  );
  if (version.logIndex === null) return mark;
  return (
    <Tooltip content={messages.signedAt(format.number(version.logIndex))}>
      <Link href={`/trust/log/${version.logIndex}`} className="relative z-1 rounded-sm hover:underline">
        {mark}
      </Link>
    </Tooltip>
  );
}
