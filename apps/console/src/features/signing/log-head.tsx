"use client";
import { Panel } from "@agent-factory/ui/panel";
import { CircleDashed, ShieldCheck, ShieldX } from "lucide-react";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { useLocalCheck } from "../../trpc/use-local-check.ts";
import { CopyText } from "./copy-text.tsx";
import { signingMessages } from "./messages.ts";
import type { LogView } from "./signing-view.ts";

type Shard = LogView["shard"];

/** The head of the log as it was signed, checked here before it is believed. */
export function LogHead({ shard }: { shard: Shard }): ReactNode {
  const messages = useMessages(signingMessages);
  const format = useFormat();
  const { found: held = null, error, retry } = useLocalCheck(shard, isSigned);
  const facts: readonly (readonly [string, ReactNode])[] = [
    [messages.origin, <span key="origin">{shard.origin}</span>],
    [messages.size, format.number(shard.size)],
    [messages.at, shard.checkpointAt === null ? null : format.dateTime(shard.checkpointAt)],
    [messages.root, <code key="root">{shard.rootHash}</code>],
    [messages.logId, <code key="id">{shard.logId}</code>],
  ];
  return (
    <Panel title={messages.head}>
      {error === null ? null : <QueryProblem title={messages.checkFailed} error={error} retry={retry} />}
      <p
        role="status"
        data-testid="head"
        data-state={error !== null ? "unchecked" : held === null ? "checking" : held ? "held" : "refused"}
        className="flex items-start gap-2 text-pretty"
        hidden={error !== null}
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

/** The head must also say the size and root that the registry states. */
async function isSigned(shard: Shard): Promise<boolean> {
  const { readHead, spkiOfPem } = await import("./checkpoint.ts");
  const spki = spkiOfPem(shard.publicKeyPem);
  const head = spki === null ? null : await readHead(shard.checkpoint, { origin: shard.origin, spki });
  return head?.signed === true && head.size === shard.size && head.root === shard.rootHash;
}
