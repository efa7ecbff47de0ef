"use client";
import { Button, LinkButton } from "@agent-factory/ui/button";
import { CirclePause, DoorOpen, FastForward, type LucideIcon, Play, Undo2 } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { controlsOf, whyNot } from "./control.ts";
import { controlMessages } from "./control-messages.ts";
import { type Control, isOver, type RolloutPageView } from "./rollout-view.ts";

const ControlDialog = dynamic(() => import("./control-dialog.tsx").then((loaded) => loaded.ControlDialog), { ssr: false });

const icons: Record<Control, LucideIcon> = { pause: CirclePause, resume: Play, promote: FastForward, abort: Undo2, passGate: DoorOpen };

/** What can be done now; what cannot stays where it is and says why, and who can. */
export function Controls({ rollout }: { rollout: RolloutPageView }): ReactNode {
  const messages = useMessages(controlMessages);
  const viewer = useViewer();
  const [asking, setAsking] = useState<Control | null>(null);
  const controls = controlsOf(rollout);
  const why = (control: Control): string | undefined => {
    const role = viewer.can(control === "passGate" ? "rollouts.pass-gate" : "rollouts.control").reason;
    const state = whyNot(control, rollout);
    return role ?? (state === undefined ? undefined : messages[`why_${state}`]);
  };
  if (isOver(rollout)) {
    return (
      <LinkButton>
        <Link href={`/rollouts?start=${rollout.templateName}/${rollout.channel}`}>{messages.startAgain}</Link>
      </LinkButton>
    );
  }
  return (
    <>
      {controls.map((control, at) => {
        const Icon = icons[control];
        return (
          <Button
            key={control}
            variant={at === controls.length - 1 ? "primary" : control === "abort" ? "ghost" : "secondary"}
            onClick={() => setAsking(control)}
            disabledReason={why(control)}
          >
            <Icon aria-hidden />
            {messages[control]}
          </Button>
        );
      })}
      {asking === null ? null : <ControlDialog control={asking} rollout={rollout} onClose={() => setAsking(null)} />}
    </>
  );
}
