"use client";
import { LinkButton } from "@agent-factory/ui/button";
import { Notice } from "@agent-factory/ui/panel";
import { ShieldX } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useEffect, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { proofMessages } from "./proof-messages.ts";
import { sentenceOf } from "./proof-sentence.ts";
import { useProof } from "./use-proof.ts";

/** Says so when a version's proof does not hold; else nothing. It is looked at once the page has nothing else to do. */
export function ProofAlarm(props: { name: string; semver: string }): ReactNode {
  const idle = useIdle();
  const { allowed } = useViewer().can("signing.read");
  return idle && allowed ? <Alarm key={props.semver} {...props} /> : null;
}

function Alarm({ name, semver }: { name: string; semver: string }): ReactNode {
  const messages = useMessages(proofMessages);
  const format = useFormat();
  const viewer = useViewer();
  const { report } = useProof({ name, semver, waitForSignature: false });
  const refused = report?.steps.find((step) => step.name === report.refusedBy);
  if (!refused || refused.name === "revocation") return null;
  const sentence = sentenceOf(refused, messages, format, { version: `${name} ${semver}`, tenant: viewer.tenant.name });
  return (
    <Notice
      tone="breached"
      icon={<ShieldX aria-hidden />}
      title={messages.alarm(semver)}
      actions={
        <LinkButton>
          <Link href={`/templates/${name}/versions/${semver}`}>{messages.alarmOpen}</Link>
        </LinkButton>
      }
    >
      {sentence} {messages.alarmText}
    </Notice>
  );
}

function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    // Safari has no such callback; a moment later does as well.
    if (typeof requestIdleCallback === "undefined") {
      const timer = setTimeout(() => setIdle(true), 500);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(() => setIdle(true), { timeout: 2_000 });
    return () => cancelIdleCallback(handle);
  }, []);
  return idle;
}
