"use client";
import { Panel } from "@agent-factory/ui/panel";
import { CircleDashed, ShieldCheck, ShieldX } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { CopyText } from "./copy-text.tsx";
import { signingMessages } from "./messages.ts";
import type { LogView } from "./signing-view.ts";

type Shard = LogView["shard"];

/** The head of the log as it was signed, checked here before it is believed. */
export function LogHead({ shard }: { shard: Shard }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const held = useSigned(shard);
  const facts: readonly (readonly [string, ReactNode])[] = [
    [messages.origin, <span key="origin">{shard.origin}</span>],
    [messages.size, format.number(shard.size)],
    [messages.at, shard.checkpointAt === null ? null : format.dateTime(shard.checkpointAt)],
    [messages.root, <code key="root">{shard.rootHash}</code>],
    [messages.logId, <code key="id">{shard.logId}</code>],
  ];
  return (
    <Panel title={messages.head}>
      <p
        role="status"
        data-testid="head"
        data-state={held === null ? "checking" : held ? "held" : "refused"}
        className="flex items-start gap-2 text-pretty"
      >
        {held === null ? (
          <CircleDashed aria-hidden className="mt-0.5 size-4 shrink-0 text-unknown" />
        ) : held ? (
          <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-healthy" />
        ) : (
          <ShieldX aria-hidden className="mt-0.5 size-4 shrink-0 text-breached" />
        )}
        {held === null ? messages.headChecking : held ? messages.headHeld : messages.headRefused}
      </p>
      <div className="mt-3 grid gap-x-8 gap-y-3 xl:grid-cols-2">
        <dl className="grid h-fit grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-[auto_minmax(0,1fr)]">
          {facts.map(([name, value]) =>
            value === null ? null : (
              <div key={name} className="contents">
                <dt className="text-ink-3">{name}</dt>
                <dd className="min-w-0 break-all">{value}</dd>
              </div>
            ),
          )}
        </dl>
        <CopyText label={messages.checkpoint} text={shard.checkpoint} note={messages.checkpointHint} />
      </div>
    </Panel>
  );
}

/** Null while the check is under way. The head must also say the size and root that the registry states. */
function useSigned(shard: Shard): boolean | null {
  const [checked, setChecked] = useState<{ shard: Shard; held: boolean } | null>(null);
  useEffect(() => {
    let gone = false;
    void import("./checkpoint.ts").then(async ({ readHead, spkiOfPem }) => {
      const spki = spkiOfPem(shard.publicKeyPem);
      const head = spki === null ? null : await readHead(shard.checkpoint, { origin: shard.origin, spki });
      const held = head?.signed === true && head.size === shard.size && head.root === shard.rootHash;
      if (!gone) setChecked({ shard, held });
    });
    return () => {
      gone = true;
    };
  }, [shard]);
  return checked !== null && checked.shard === shard ? checked.held : null;
}
