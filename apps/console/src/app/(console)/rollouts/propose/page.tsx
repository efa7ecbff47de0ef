import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ProposePlan } from "../../../../features/rollouts/propose-plan.tsx";
import { getMessages } from "../../../../i18n/server.ts";
import { pageMessages } from "../../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).plans };
}

export default function Page(): ReactNode {
  return <ProposePlan />;
}
