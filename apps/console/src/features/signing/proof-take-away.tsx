"use client";
import { Button } from "@agent-factory/ui/button";
import { Panel } from "@agent-factory/ui/panel";
import { saveFile } from "@agent-factory/ui/save-file";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { CopyText } from "./copy-text.tsx";
import { toolCommands, wholeCommand } from "./offline-commands.ts";
import { proofDetailsMessages } from "./proof-details-messages.ts";
import type { ProofAnswer } from "./signing-view.ts";
import type { TakeAway } from "./take-away.ts";

/** The files of a proof, to keep and to check elsewhere. */
export function ProofTakeAway({ name, semver, answer }: { name: string; semver: string; answer: ProofAnswer }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  const take = async (kind: keyof TakeAway) => {
    const { takeAway } = await import("./take-away.ts");
    const file = takeAway(name, semver, answer)[kind];
    if (file) saveFile(file.name, file.mediaType, file.text);
  };
  const offered = [
    { kind: "bundle", label: messages.takeBundle, why: answer.bundle === null ? messages.takeLater : undefined },
    { kind: "manifest", label: messages.takeManifest, why: undefined },
    { kind: "canonical", label: messages.takeCanonical, why: undefined },
    { kind: "trust", label: messages.takeTrust, why: undefined },
  ] as const;
  return (
    <Panel title={messages.take}>
      <p className="text-ink-2">{messages.takeText}</p>
      <ul className="mt-2 flex flex-wrap gap-2">
        {offered.map(({ kind, label, why }) => (
          <li key={kind}>
            <Button size="sm" disabledReason={why} onClick={() => void take(kind)}>
              <Download aria-hidden />
              {label}
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** How to check the files without the registry; the commands are those that were tried on them. */
export function ProofOffline({ name, semver }: { name: string; semver: string }): ReactNode {
  const messages = useMessages(proofDetailsMessages);
  return (
    <Panel title={messages.offline}>
      <div className="flex flex-col gap-3">
        <CopyText label={messages.offlineWhole} text={wholeCommand(name, semver)} />
        <CopyText label={messages.offlineTools} text={toolCommands(name, semver)} note={messages.offlineNote} />
      </div>
    </Panel>
  );
}
