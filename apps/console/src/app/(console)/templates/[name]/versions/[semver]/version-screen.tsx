"use client";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { ProofPage } from "../../../../../../features/signing/proof-page.tsx";
import { VersionState } from "../../../../../../features/templates/version-state.tsx";

const SubmitDialog = dynamic(() => import("../../../../../../features/runs/submit-dialog.tsx").then((loaded) => loaded.SubmitDialog), {
  ssr: false,
});

/** The proof of a version, with its state and running it: three features meet here. */
export function VersionScreen({ name, semver }: { name: string; semver: string }): ReactNode {
  return <ProofPage name={name} semver={semver} State={VersionState} RunDialog={SubmitDialog} />;
}
