"use client";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { ChannelsPanel } from "../../../../features/rollouts/channels-panel.tsx";
import { TemplateRunners } from "../../../../features/runs/template-runners.tsx";
import { ProofAlarm } from "../../../../features/signing/proof-alarm.tsx";
import { TemplatePage } from "../../../../features/templates/template-page.tsx";

const SubmitDialog = dynamic(() => import("../../../../features/runs/submit-dialog.tsx").then((loaded) => loaded.SubmitDialog), {
  ssr: false,
});

/** A template's page with running a version, its proof and its channels: four features meet here. */
export function TemplateScreen({ name }: { name: string }): ReactNode {
  return <TemplatePage name={name} RunDialog={SubmitDialog} ProofAlarm={ProofAlarm} Runners={TemplateRunners} Channels={ChannelsPanel} />;
}
